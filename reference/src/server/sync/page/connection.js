// A client of the sync family: authenticates, keeps subscriptions across losses, and completes each request. It renders nothing.

const SUBSCRIBE_TIMEOUT = 10_000;
const REQUEST_TIMEOUT = 30_000;
const CONNECT_TIMEOUT = 10_000;
// The policy `relay`, in ms, with jitter, so that the pages of one server do not reconnect at the same time.
const POLICY = { base: 1000, factor: 2, cap: 32_000, jitter: 0.3 };

export class Connection {
  #url;
  #pin;
  #listener;
  #policy;
  #socket = null;
  #isIn = false;
  #ids = 0;
  #attempt = 0;
  #open = new Map();
  #topics = new Map();

  /** `listener` has callbacks: `state(text)`, `lists(data)`, `refused(text)`. */
  constructor(url, pin, listener, policy = {}) {
    this.#url = url;
    this.#pin = pin;
    this.#listener = listener;
    this.#policy = { ...POLICY, ...policy };
    this.#connect();
  }

  /** Calls `snapshot(data)` now and after each loss, and `push(data)` for news. */
  subscribe(resource, resourceId, snapshot, push) {
    const topic = { resource, resourceId, snapshot, push, isActive: false };
    this.#topics.set(key(resource, resourceId), topic);
    if (this.#isIn) this.#follow(topic);
  }

  unsubscribe(resource, resourceId) {
    const wasThere = this.#topics.delete(key(resource, resourceId));
    if (wasThere && this.#isIn) this.#ask({ type: "unsubscribe", resource, resourceId }, SUBSCRIBE_TIMEOUT).catch(() => {});
  }

  /** Resolves once the server has stored the message. */
  send(resourceId, message) {
    if (!this.#isIn) return Promise.reject(new Error("There is no connection."));
    return this.#ask({ type: "send", resourceId, message }, REQUEST_TIMEOUT);
  }

  #connect() {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#listener.state("Connecting …");
    let auth = null;
    const limit = setTimeout(() => lost(), CONNECT_TIMEOUT);
    let isOver = false;
    const end = () => {
      if (isOver) return false;
      isOver = true;
      clearTimeout(limit);
      // Later events are ignored.
      socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
      return true;
    };
    const lost = () => {
      if (end()) this.#lost();
    };
    socket.onopen = () => {
      auth = this.#id();
      socket.send(JSON.stringify({ id: auth, type: "auth", pin: this.#pin }));
    };
    socket.onclose = lost;
    socket.onmessage = ({ data }) => {
      const message = read(data);
      if (message === null) return;
      if (message.type === "auth_success" && message.id === auth && !this.#isIn) {
        clearTimeout(limit);
        this.#enter(message.data);
      } else if (message.type === "auth_failed" && message.id === auth && !this.#isIn) {
        end();
        this.#listener.refused(String(message.error ?? "The PIN was refused."));
      } else {
        this.#receive(message);
      }
    };
  }

  #enter(lists) {
    this.#isIn = true;
    this.#attempt = 0;
    this.#listener.state("Connected");
    this.#listener.lists(lists ?? {});
    for (const topic of this.#topics.values()) this.#follow(topic);
  }

  #lost() {
    this.#isIn = false;
    for (const topic of this.#topics.values()) topic.isActive = false;
    for (const request of this.#open.values()) request.fail(new Error("The connection was lost."));
    const { base, factor, cap, jitter } = this.#policy;
    const nominal = Math.min(base * factor ** this.#attempt, cap);
    this.#attempt += 1;
    this.#listener.state("The connection is lost.");
    setTimeout(() => this.#connect(), nominal * (1 + jitter * (2 * Math.random() - 1)));
  }

  #follow(topic) {
    const { resource, resourceId } = topic;
    const isWanted = () => this.#topics.get(key(resource, resourceId)) === topic;
    // At once, before other messages are handled.
    const answered = (data) => {
      topic.isActive = isWanted();
      if (topic.isActive) topic.snapshot(data ?? {});
    };
    const asked = this.#ask({ type: "subscribe", resource, resourceId }, SUBSCRIBE_TIMEOUT, answered);
    asked.catch((error) => this.#listener.state(error.message));
  }

  #ask(request, timeout, answered = () => {}) {
    const id = this.#id();
    return new Promise((resolve, reject) => {
      const over = (how) => (value) => {
        clearTimeout(timer);
        this.#open.delete(id);
        how(value);
      };
      const fail = over(reject);
      const timer = setTimeout(() => fail(new Error("No answer came in time.")), timeout);
      const succeed = over(resolve);
      this.#open.set(id, { fail, succeed: (data) => (answered(data), succeed(data)) });
      this.#socket.send(JSON.stringify({ id, ...request }));
    });
  }

  #receive(message) {
    if (message.type === "data" && message.id === null) {
      const topic = this.#topics.get(key(message.resource, message.resourceId));
      if (topic?.isActive) topic.push(message.data ?? {});
      return;
    }
    const request = this.#open.get(message.id);
    if (request === undefined) return;
    if (message.type === "error" || message.type === "auth_required") {
      request.fail(new Error(String(message.error ?? "The server asks for the PIN.")));
    } else if (message.type === "data" || message.type === "subscribed") {
      request.succeed(message.data);
    }
  }

  #id() {
    this.#ids += 1;
    return String(this.#ids);
  }
}

function key(resource, resourceId) {
  return JSON.stringify([resource, resourceId ?? null]);
}

function read(data) {
  if (typeof data !== "string") return null;
  try {
    const message = JSON.parse(data);
    return typeof message === "object" && message !== null && !Array.isArray(message) ? message : null;
  } catch {
    return null;
  }
}
