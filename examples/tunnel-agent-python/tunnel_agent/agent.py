"""The agent: authenticates, and serves one connection after the other. It does not deal with HTTP."""

from relayspec.client import Ending
from relayspec.websocket import Connection, WebSocketClient

from . import messages
from .heartbeat import Counters
from .local import Local
from .messages import AuthError, AuthSuccess
from .options import Options
from .session import Refused, Session
from .user import User

# How many messages may have arrived unread.
_MOST_UNREAD = 4


class Agent(WebSocketClient):
    def __init__(self, options: Options, user: User) -> None:
        # The protocol's own `Ping` takes the place of Ping frames.
        super().__init__(options, user, ping_interval=None, max_size=messages.LONGEST, max_queue=_MOST_UNREAD)
        self._options = options
        self._user = user
        self._local = Local(options.origin, options.timing.request_timeout)
        self._counters = Counters()

    async def converse(self, connection: Connection) -> Ending:
        try:
            await connection.send(messages.encode(messages.auth(self._options.token), self._options.packed))
            await self._serve(connection)
        except Refused as refused:
            # Retrying cannot make the token right (RECON-11).
            self._user.error("AuthError", self._without_token(str(refused)))
            await self.leave(connection)
            return Ending.FINAL
        return Ending.LOST

    async def _serve(self, connection: Connection) -> None:
        session: Session | None = None
        try:
            async for message in connection:
                if self.leaving:
                    continue
                if session is not None:
                    await session.take(message)
                    continue
                # Until `Auth` is answered, everything else is ignored (TUN-01).
                match messages.read(message):
                    case AuthSuccess():
                        packed = isinstance(message, bytes)
                        session = Session(connection, self._local, self._options.timing, self._counters, self._user, packed)
                        self._user.joined()
                        self.established()
                    case AuthError(why):
                        raise Refused(why)
        finally:
            if session is not None:
                session.end()

    def _without_token(self, text: str) -> str:
        # A cloud that repeats the token must not put it into a log (TUN-05).
        return text.replace(self._options.token, "***") if self._options.token else text
