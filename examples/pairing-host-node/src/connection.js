// One connection to the relay, from the start of the attempt to its end: times, heartbeats and WebSocket frames, no messages.

import { WebSocket } from 'ws';
import { pingMessage } from './messages.js';

// Sixteen times what every receiver has to accept (WIRE-07): a relay may write a message longer than it came.
const MAX_MESSAGE = 16 * 1024 ** 2;
const NORMAL_CLOSURE = 1000;

/** A WebSocket that tells when its end begins; `ws` itself tells only when TCP has ended, however long the relay takes. */
class Socket extends WebSocket {
  /**
   * Called by `ws` too, for every Close frame that comes and for every violation of RFC 6455.
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
 * @property {(text: string) => void} text a text message came
 * @property {(why: string) => void} lost the attempt failed or the connection was lost; told once, and nothing after it
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
      // Half of what is allowed, for the Close frame and for what remains of the end (WIRE-05, RECON-13).
      closeTimeout: (timing.notify_deadline * 1000) / 2,
    });
    // Behind the line above, which on a busy machine takes its time before it starts anything.
    this.#after(timing.connect_timeout, () => this.#lose(`no code within ${timing.connect_timeout} s`));
    this.#socket.on('open', () => this.#listener?.opened());
    this.#socket.on('message', (bytes, isBinary) => {
      // Binary messages are no messages of this family.
      if (!isBinary) this.#listener?.text(bytes.toString());
    });
    this.#socket.on('error', (error) => (this.#why = error.message));
    this.#socket.on('closing', () => queueMicrotask(() => this.#lose()));
    this.#socket.on('close', () => this.#lose());
  }

  /** The relay has done its part: the attempt may take no longer than it did, and from now on the heartbeat watches. */
  established() {
    for (const sign of ['message', 'ping', 'pong']) this.#socket.on(sign, () => this.#alive());
    this.#alive();
  }

  /** What has been given to `send` and has not left yet, in bytes. */
  get backlog() {
    return this.#socket.bufferedAmount;
  }

  /**
   * @param {string} text
   * @param {(error?: Error | null) => void} done once it is on its way, or is lost
   */
  send(text, done) {
    this.#socket.send(text, done);
  }

  /** Ends the connection in good order, and soon, whatever the relay does. */
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

  /** A sign of life came. Where none comes for long, the connection is asked for one (RECON-01). */
  #alive() {
    if (this.#listener === null) return;
    this.#after(this.#timing.heartbeat_interval, () => {
      this.send(pingMessage(Date.now()), () => {});
      this.#after(this.#timing.heartbeat_timeout, () => this.#lose('the relay has fallen silent'));
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
