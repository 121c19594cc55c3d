// The host: connects, obtains a code, carries data both ways, and reconnects. It does not deal with terminals.

import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.js';
import { dataMessage, readMessage } from './messages.js';
import { Backoff } from './policy.js';

// What may wait for a connection. Beyond this, data is refused; none is dropped silently (PAIR-H4).
const MOST_WAITING = 16 * 1024 ** 2;
// Even an empty string takes memory.
const OVERHEAD = 64;

/**
 * Receives what happens.
 * @typedef {object} User
 * @property {() => void} connected
 * @property {() => void} disconnected
 * @property {(code: string, expiresAt: number) => void} registered
 * @property {() => void} reconnected
 * @property {(payload: string) => void} data
 * @property {(code: string, message: string) => void} error
 * @property {(seconds: number, why: string) => void} waiting
 * @property {() => void} gaveUp
 */

/** @typedef {{ payload: string, done: () => void }} Waiting */

export class Host {
  #options;
  #user;
  #backoff;
  #stopping = new AbortController();
  /** Ends the wait for the end of the present connection. @type {(why: string) => void} */
  #ended = () => {};
  /** @type {Connection | null} */
  #connection = null;
  /** The code on the present connection; null before it has arrived. @type {string | null} */
  #code = null;
  #missed = false;
  /** @type {Waiting[]} */
  #waiting = [];
  #waitingCost = 0;

  /**
   * @param {{ url: string, timing: import('./connection.js').Timing, policy: import('./policy.js').Policy }} options
   * @param {User} user
   */
  constructor(options, user) {
    this.#options = options;
    this.#user = user;
    this.#backoff = new Backoff(options.policy);
  }

  /**
   * Runs until it is stopped or gives up.
   * @returns {Promise<'stopped' | 'gave up'>}
   */
  async run() {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const why = await this.#connect();
      if (signal.aborted) break;
      this.#missed = true;
      const delay = this.#backoff.nextDelay();
      if (delay === null) {
        this.#refuseWaiting();
        this.#user.gaveUp();
        return 'gave up';
      }
      this.#user.waiting(delay, why);
      await sleep(delay * 1000, undefined, { signal }).catch(() => {});
      this.#connection?.terminate();
    }
    this.#refuseWaiting();
    await this.#connection?.close();
    return 'stopped';
  }

  stop() {
    this.#stopping.abort();
    this.#ended('stopped');
  }

  /**
   * Sends it now, or as soon as there is a code again.
   * @param {string} payload
   * @returns {Promise<void>} once it has been sent or refused
   */
  send(payload) {
    return new Promise((done) => {
      const cost = payload.length + OVERHEAD;
      const ahead = this.#waitingCost + (this.#connection?.backlog ?? 0);
      if (ahead > 0 && ahead + cost > MOST_WAITING) {
        this.#user.error('BACKLOG_FULL', 'Too much is waiting to be sent; this was refused.');
        done();
      } else if (this.#code !== null) {
        this.#transmit({ payload, done });
      } else {
        this.#waiting.push({ payload, done });
        this.#waitingCost += cost;
      }
    });
  }

  /**
   * One attempt, and the connection it may lead to.
   * @returns {Promise<string>} why it ended, once it has
   */
  #connect() {
    return new Promise((ended) => {
      this.#ended = ended;
      let opened = false;
      this.#connection = new Connection(this.#options.url, this.#options.timing, {
        opened: () => {
          opened = true;
          this.#user.connected();
        },
        text: (text) => this.#receive(text),
        lost: (why) => {
          this.#code = null;
          if (opened) this.#user.disconnected();
          ended(why);
        },
      });
    });
  }

  /** @param {string} text */
  #receive(text) {
    const message = readMessage(text);
    switch (message?.type) {
      case 'registered':
        this.#register(message.code, message.expiresAt);
        break;
      case 'data':
        this.#user.data(message.payload);
        break;
      case 'error':
        this.#user.error(message.code, message.message);
        break;
      default: // A pong needs no answer, and invalid messages are ignored (PAIR-H5).
    }
  }

  /**
   * @param {string} code
   * @param {number} expiresAt
   */
  #register(code, expiresAt) {
    const before = this.#code;
    this.#code = code;
    if (code !== before) this.#user.registered(code, expiresAt);
    if (before !== null) return;
    this.#backoff.succeeded();
    this.#connection?.established();
    if (this.#missed) this.#user.reconnected();
    this.#missed = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingCost = 0;
    for (const item of waiting) this.#transmit(item);
  }

  /** @param {Waiting} item */
  #transmit({ payload, done }) {
    this.#connection?.send(dataMessage(payload), (error) => {
      if (error) this.#user.error('NOT_SENT', 'The connection was lost before this was sent.');
      done();
    });
  }

  #refuseWaiting() {
    for (const { done } of this.#waiting) {
      this.#user.error('NOT_SENT', 'The host ended before this was sent.');
      done();
    }
    this.#waiting = [];
  }
}
