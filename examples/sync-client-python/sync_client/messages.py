"""The messages that a server sends (chapter sync)."""

import json
from collections.abc import Callable
from typing import Any

# A kind of resource, and its id if the kind has ids.
Topic = tuple[str, str | None]

_LONGEST_SEQ = 2**32 - 1


def read(text: str) -> dict[str, Any] | None:
    """A message of a server; None if it is invalid."""
    try:
        message = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return None
    form = _FORMS.get(message["type"])
    return message if form is not None and form(message) else None


def topic_of(resource: Any, resource_id: Any) -> Topic | None:
    """The topic that the members `resource` and `resourceId` name; None if there is no such topic."""
    if resource == "modelProfiles" and (resource_id is None or isinstance(resource_id, str)):
        return (resource, None)
    if resource in ("project", "chat") and isinstance(resource_id, str):
        return (resource, resource_id)
    return None


def topic_members(topic: Topic) -> dict[str, str]:
    """The members that name a topic in a request or a push."""
    resource, resource_id = topic
    return {"resource": resource} if resource_id is None else {"resource": resource, "resourceId": resource_id}


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _strings(value: Any, *names: str) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in names)


def _list_of(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(holds(item) for item in value)


def _is_chat(value: Any) -> bool:
    return _strings(value, "id", "projectId", "name")


def _is_message(value: Any) -> bool:
    if not _strings(value, "id", "chatId", "role", "content"):
        return False
    seq = value.get("seq")
    return type(seq) in (int, float) and seq % 1 == 0 and 1 <= seq <= _LONGEST_SEQ


def _is_profile(value: Any) -> bool:
    return isinstance(value, dict)


_SNAPSHOTS = {
    "project": lambda data: _list_of(data.get("chats"), _is_chat),
    "chat": lambda data: _list_of(data.get("messages"), _is_message),
    "modelProfiles": lambda data: _list_of(data.get("modelProfiles"), _is_profile),
}


def _auth_success(message: dict[str, Any]) -> bool:
    data = message.get("data")
    return (
        _strings(message, "id")
        and isinstance(data, dict)
        and _list_of(data.get("projects"), lambda project: _strings(project, "id", "name"))
        and _list_of(data.get("modelProfiles"), _is_profile)
    )


def _subscribed(message: dict[str, Any]) -> bool:
    topic, data = topic_of(message.get("resource"), message.get("resourceId")), message.get("data")
    return _strings(message, "id") and topic is not None and isinstance(data, dict) and _SNAPSHOTS[topic[0]](data)


def _data(message: dict[str, Any]) -> bool:
    data = message.get("data")
    if not isinstance(data, dict) or "id" not in message:
        return False
    if message["id"] is None:
        topic = topic_of(message.get("resource"), message.get("resourceId"))
        if topic is None or topic[1] is None:
            return False
        return _is_chat(data.get("chat")) if topic[0] == "project" else _is_message(data.get("message"))
    done = [data.get(word) is True for word in ("sent", "unsubscribed")]
    return isinstance(message["id"], str) and done.count(True) == 1


def _has_error(message: dict[str, Any]) -> bool:
    return isinstance(message.get("error"), str) and message["error"] != ""


_FORMS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "auth_required": lambda message: _strings(message, "id"),
    "auth_success": _auth_success,
    "auth_failed": lambda message: _strings(message, "id") and _has_error(message),
    "subscribed": _subscribed,
    "data": _data,
    "error": lambda message: "id" in message and (message["id"] is None or _strings(message, "id")) and _has_error(message),
}
