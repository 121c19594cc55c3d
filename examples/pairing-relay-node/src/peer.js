// One connection: sends with bounded queues, stops reading for the sake of a slow partner, keeps the heartbeat, and
// notices the end, however it comes.

import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { Budget } from './budget.js';
import { Heartbeat } from './heartbeat.js';

/** @typedef {import('node:net').Socket} Socket */

// What waits for a slow peer before its partner is no longer read.
const DATA_BOUND = 1024 ** 2;
// What waits of the relay's own answers before the peer that asks so much is no longer read. It is a bound of its own: a
// peer that is busy sending while its partner's data waits for it would otherwise never be read again.
const ANSWER_BOUND = 64 * 1024;
// The time from the beginning of the end to the end of the TCP connection, whatever the peer does.
const LAST_WORDS = 2000;

/**
 * A WebSocket that emits `closing` as soon as a close handshake begins. The library comes through close() for a Close frame
 * of the peer, for a violation of the protocol and for our own wish, whereas its event `close` waits for the end of the
 * TCP connection, which a peer can put off: too late to tell a partner (WIRE-09, PAIR-70).
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
 * What is to be done about a peer.
 * @typedef {object} Listener
 * @property {(bytes: Buffer) => void} text takes a text message, in UTF-8 that the library has checked
 * @property {() => void} binary
 * @property {() => void} lost called once, when the peer cannot or shall not take part any longer
 */

export class Peer {
  #ws;
  #heartbeat;
  /** @type {Listener | null} */
  #listener = null;
  #gone = false;
  /** How many frames wait for the operating system, and when that began or a frame last left. */
  #waiting = 0;
  #lastMove = 0;
  #data = new Budget(DATA_BOUND);
  #answers = new Budget(ANSWER_BOUND);
  /** What this peer has filled and waits for. @type {Set<Budget>} */
  #full = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  #lastWords;

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
      ping: (label, sent) => this.#hand((done) => ws.ping(label, false, done), sent),
      stalled: () => (this.#waiting === 0 ? 0 : performance.now() - this.#lastMove),
      bytesRead: () => tcp.bytesRead,
      expire: () => {
        this.#lose();
        ws.terminate();
      },
    });
    ws.on('message', (data, isBinary) => this.#receive(/** @type {Buffer} */ (data), isBinary));
    ws.on('ping', (data) => this.#pay(this.#answers, data.length, this, (done) => ws.pong(data, false, done)));
    ws.on('pong', (data) => this.#heartbeat.pong(data.toString('latin1')));
    // The ways to end: a close handshake, the end of what the peer sends, and the end of the connection. An error is
    // followed by one of them, and needs a listener only because it would end the process without.
    ws.on('closing', () => this.#lose());
    tcp.once('end', () => this.#lose());
    ws.once('close', () => {
      this.#lose();
      clearTimeout(this.#lastWords);
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
  waitFor(budget) {
    if (this.#gone) return;
    this.#full.add(budget);
    this.#ws.pause();
    this.#heartbeat.pause();
  }

  /** @param {Budget} budget */
  goOn(budget) {
    if (!this.#full.delete(budget) || this.#full.size > 0) return;
    this.#heartbeat.resume();
    this.#ws.resume();
  }

  /**
   * @param {Buffer} data
   * @param {boolean} isBinary
   */
  #receive(data, isBinary) {
    // What arrives after a connection was given up is not listened to any more.
    if (this.#gone || this.#listener === null) return;
    if (isBinary) this.#listener.binary();
    else this.#listener.text(data);
  }

  /**
   * @param {string | Buffer} message
   * @param {Budget} budget
   * @param {Peer} payer
   */
  #write(message, budget, payer) {
    const data = typeof message === 'string' ? Buffer.from(message) : message;
    this.#pay(budget, data.length, payer, (done) => this.#ws.send(data, { binary: false }, done));
  }

  /**
   * @param {Budget} budget
   * @param {number} length
   * @param {Peer} payer
   * @param {(done: () => void) => void} send
   */
  #pay(budget, length, payer, send) {
    if (!this.#gone) this.#hand(send, budget.take(length, payer));
  }

  /**
   * Hands a frame to the connection, and keeps account of what has not left yet.
   * @param {(done: () => void) => void} send calls `done` once the operating system has taken everything
   * @param {() => void} sent
   */
  #hand(send, sent) {
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
    // Reads on to find the peer's own Close frame, or the end.
    this.#full.clear();
    this.#ws.resume();
    this.#lastWords = setTimeout(() => this.#ws.terminate(), LAST_WORDS);
    this.#listener?.lost();
  }
}
