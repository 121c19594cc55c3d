// One connection: bounded send queues, backpressure for a slow partner, the heartbeat, and the end in all its forms.

import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { Budget } from './budget.js';
import { Heartbeat } from './heartbeat.js';

/** @typedef {import('node:net').Socket} Socket */

// How much may be queued for a slow peer before reading from its partner pauses.
const DATA_BOUND = 1024 ** 2;
// How much of the relay's own answers may be queued before reading from this peer pauses. It is a separate bound: otherwise
// a peer that sends while its partner's data is queued for it would never be read again.
const ANSWER_BOUND = 64 * 1024;
// From the start of closing to the end of the TCP connection, in milliseconds, whatever the peer does.
const CLOSE_TIMEOUT = 2000;

/**
 * A WebSocket that emits `closing` as soon as a close handshake begins. The library calls close() upon a Close frame of the
 * peer, upon a protocol violation and when we close, whereas its event `close` waits for the end of the TCP connection, which
 * a peer can delay: too late to notify a partner (WIRE-09, PAIR-70).
 */
export class RelaySocket extends WebSocket {
  /**
   * @param {number} [code]
   * @param {string | Buffer} [reason]
   */
  close(code, reason) {
    super.close(code, reason);
    this.emit('closing');
  }
}

/**
 * Handles what a peer sends.
 * @typedef {object} Listener
 * @property {(bytes: Buffer) => void} text handles a text message, in valid UTF-8
 * @property {() => void} binary
 * @property {() => void} lost called once, when the peer is gone or is being disconnected
 */

export class Peer {
  #ws;
  #heartbeat;
  /** @type {Listener | null} */
  #listener = null;
  #gone = false;
  /** How many frames are waiting for the operating system, and when that began or a frame was last sent. */
  #waiting = 0;
  #lastMove = 0;
  #data = new Budget(DATA_BOUND);
  #answers = new Budget(ANSWER_BOUND);
  /** The budgets that this peer has exceeded and waits for. @type {Set<Budget>} */
  #full = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  #closeTimer;

  /**
   * @param {WebSocket} ws
   * @param {Socket} tcp the connection under it
   * @param {{ heartbeatInterval: number, heartbeatTimeout: number }} options
   */
  constructor(ws, tcp, { heartbeatInterval, heartbeatTimeout }) {
    this.#ws = ws;
    this.#heartbeat = new Heartbeat({
      interval: heartbeatInterval,
      timeout: heartbeatTimeout,
      ping: (label, sent) => this.#transmit((done) => ws.ping(label, false, done), sent),
      stalled: () => (this.#waiting === 0 ? 0 : performance.now() - this.#lastMove),
      bytesRead: () => tcp.bytesRead,
      expire: () => {
        this.#lose();
        ws.terminate();
      },
    });
    ws.on('message', (data, isBinary) => this.#receive(/** @type {Buffer} */ (data), isBinary));
    ws.on('ping', (data) => this.#queue(this.#answers, data.length, this, (done) => ws.pong(data, false, done)));
    ws.on('pong', (data) => this.#heartbeat.pong(data.toString('latin1')));
    // A connection ends by a close handshake, by the end of what the peer sends, or by the end of TCP. An error is followed
    // by one of them, but without a listener it would end the process.
    ws.on('closing', () => this.#lose());
    tcp.once('end', () => this.#lose());
    ws.once('close', () => {
      this.#lose();
      clearTimeout(this.#closeTimer);
    });
    ws.on('error', () => {});
  }

  /** @param {Listener} listener */
  listen(listener) {
    this.#listener = listener;
  }

  /**
   * Sends a message of the relay itself.
   * @param {string | Buffer} message
   */
  answer(message) {
    this.#write(message, this.#answers, this);
  }

  /**
   * Sends what the partner sent.
   * @param {Buffer} message
   * @param {Peer} partner
   */
  forward(message, partner) {
    this.#write(message, this.#data, partner);
  }

  /**
   * Closes the connection.
   * @param {number} code
   * @param {string} reason
   */
  end(code, reason) {
    this.#ws.close(code, reason);
  }

  /** @param {Budget} budget */
  pauseFor(budget) {
    if (this.#gone) return;
    this.#full.add(budget);
    this.#ws.pause();
    this.#heartbeat.pause();
  }

  /** @param {Budget} budget */
  resumeFor(budget) {
    if (!this.#full.delete(budget) || this.#full.size > 0) return;
    this.#heartbeat.resume();
    this.#ws.resume();
  }

  /**
   * @param {Buffer} data
   * @param {boolean} isBinary
   */
  #receive(data, isBinary) {
    // Messages that arrive after the loss are ignored.
    if (this.#gone || this.#listener === null) return;
    if (isBinary) this.#listener.binary();
    else this.#listener.text(data);
  }

  /**
   * @param {string | Buffer} message
   * @param {Budget} budget
   * @param {Peer} sender
   */
  #write(message, budget, sender) {
    const data = typeof message === 'string' ? Buffer.from(message) : message;
    this.#queue(budget, data.length, sender, (done) => this.#ws.send(data, { binary: false }, done));
  }

  /**
   * @param {Budget} budget
   * @param {number} length
   * @param {Peer} sender
   * @param {(done: () => void) => void} send
   */
  #queue(budget, length, sender, send) {
    if (!this.#gone) this.#transmit(send, budget.take(length, sender));
  }

  /**
   * Passes a frame to the connection, and keeps track of what has not been sent yet.
   * @param {(done: () => void) => void} send calls `done` once the operating system has accepted everything
   * @param {() => void} sent
   */
  #transmit(send, sent) {
    if (this.#waiting === 0) this.#lastMove = performance.now();
    this.#waiting += 1;
    send(() => {
      this.#waiting -= 1;
      this.#lastMove = performance.now();
      sent();
    });
  }

  #lose() {
    if (this.#gone) return;
    this.#gone = true;
    this.#heartbeat.stop();
    this.#data.release();
    this.#answers.release();
    // Continues reading, for the peer's own Close frame or the end.
    this.#full.clear();
    this.#ws.resume();
    this.#closeTimer = setTimeout(() => this.#ws.terminate(), CLOSE_TIMEOUT);
    this.#listener?.lost();
  }
}
