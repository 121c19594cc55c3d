// One connection to the relay, from the start of the attempt to its end: timeouts, heartbeats and frames, but no messages.

import { WebSocket } from 'ws';
import { pingMessage } from './messages.js';

// Sixteen times what every receiver accepts (WIRE-07): a relay may encode a message in more bytes than it received.
const MAX_MESSAGE = 16 * 1024 ** 2;
const NORMAL_CLOSURE = 1000;

/** A WebSocket that reports when its end begins; `ws` itself reports only the end of TCP, however long the relay takes. */
class Socket extends WebSocket {
  /**
   * Called by `ws` too, upon every Close frame and every violation of RFC 6455.
   * @param {number} [code]
   * @param {string | Buffer} [reason]
   */
  close(code, reason) {
    super.close(code, reason);
    this.emit('closing');
  }
}

/**
 * All in seconds, as the specification names them.
 * @typedef {object} Timing
 * @property {number} connect_timeout
 * @property {number} notify_deadline
 * @property {number} heartbeat_interval
 * @property {number} heartbeat_timeout
 */

/**
 * @typedef {object} Listener
 * @property {() => void} opened the handshake is done
 * @property {(text: string) => void} text a text message arrived
 * @property {(why: string) => void} lost the attempt failed or the connection was lost; called once, and nothing after it
 */

export class Connection {
  #socket;
  #timing;
  #listener;
  #why = 'the relay ended the connection';
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {string} url
   * @param {Timing} timing
   * @param {Listener} listener
   */
  constructor(url, timing, listener) {
    this.#timing = timing;
    /** @type {Listener | null} */
    this.#listener = listener;
    this.#socket = new Socket(url, {
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE,
      // Half of what is allowed, since the Close frame takes time too (WIRE-05, RECON-13).
      closeTimeout: (timing.notify_deadline * 1000) / 2,
    });
    // After the line above, which may take long on a busy machine before it starts anything.
    this.#after(timing.connect_timeout, () => this.#lose(`no code within ${timing.connect_timeout} s`));
    this.#socket.on('open', () => this.#listener?.opened());
    this.#socket.on('message', (bytes, isBinary) => {
      // This protocol has no binary messages.
      if (!isBinary) this.#listener?.text(bytes.toString());
    });
    this.#socket.on('error', (error) => (this.#why = error.message));
    this.#socket.on('closing', () => queueMicrotask(() => this.#lose()));
    this.#socket.on('close', () => this.#lose());
  }

  /** The attempt has succeeded: the heartbeat replaces the deadline. */
  established() {
    for (const sign of ['message', 'ping', 'pong']) this.#socket.on(sign, () => this.#alive());
    this.#alive();
  }

  /** What has been passed to `send` and not been sent yet, in bytes. */
  get backlog() {
    return this.#socket.bufferedAmount;
  }

  /**
   * @param {string} text
   * @param {(error?: Error | null) => void} done called once it is sent or lost
   */
  send(text, done) {
    this.#socket.send(text, done);
  }

  /** Closes the connection in order, and soon, whatever the relay does. */
  async close() {
    this.#forget();
    if (this.#socket.readyState === WebSocket.OPEN) {
      await new Promise((resolve) => {
        this.#socket.once('close', resolve);
        this.#socket.close(NORMAL_CLOSURE);
      });
    }
    this.#socket.terminate();
  }

  /** Leaves nothing of the connection behind. */
  terminate() {
    this.#forget();
    this.#socket.terminate();
  }

  /** The relay is alive. If it stays silent for long, it is sent a ping (RECON-01). */
  #alive() {
    if (this.#listener === null) return;
    this.#after(this.#timing.heartbeat_interval, () => {
      this.send(pingMessage(Date.now()), () => {});
      this.#after(this.#timing.heartbeat_timeout, () => this.#lose('the relay is silent'));
    });
  }

  /** @param {string} [why] */
  #lose(why) {
    const listener = this.#listener;
    this.#forget();
    if (why !== undefined) this.#socket.terminate();
    listener?.lost(why ?? this.#why);
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#listener = null;
  }

  /**
   * @param {number} seconds
   * @param {() => void} action
   */
  #after(seconds, action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, seconds * 1000);
  }
}
