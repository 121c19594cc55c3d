// Test helpers: a relay on a free loopback port, and WebSocket clients; all are closed when the test ends.

import { once } from 'node:events';
import { WebSocket } from 'ws';
import { parseOptions } from '../src/options.js';
import { Relay } from '../src/relay.js';

/** @typedef {import('node:test').TestContext} TestContext */

// After so long a wait for a message, a test has failed.
const PATIENCE = 5000;

/** @param {number} time in milliseconds */
export const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

/**
 * @param {TestContext} t
 * @param {string[]} args options of the command line
 * @returns {Promise<string>} the URL
 */
export async function startRelay(t, ...args) {
  const relay = new Relay(/** @type {import('../src/options.js').Options} */ (parseOptions(['--port', '0', ...args])));
  const { host, port } = await relay.listen();
  t.after(() => relay.stop());
  return `ws://${host}:${port}`;
}

export class Client {
  /** @type {any[]} */
  #received = [];
  /** @type {((message: any) => void)[]} */
  #readers = [];

  /**
   * @param {TestContext} t
   * @param {string} url
   * @param {object} [options] for the WebSocket
   */
  static async open(t, url, options) {
    const client = new Client(new WebSocket(url, { perMessageDeflate: false, ...options }));
    t.after(() => client.ws.terminate());
    await once(client.ws, 'open');
    return client;
  }

  /** @param {WebSocket} ws */
  constructor(ws) {
    this.ws = ws;
    /** @type {Promise<{ code: number, reason: string }>} */
    this.closed = new Promise((resolve) => {
      ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    ws.on('error', () => {});
    ws.on('message', (data) => {
      const message = JSON.parse(data.toString());
      const reader = this.#readers.shift();
      if (reader === undefined) this.#received.push(message);
      else reader(message);
    });
  }

  /** @param {unknown} message an object, or a string to be sent as it is */
  send(message) {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The next message, in the order of arrival. */
  async next() {
    if (this.#received.length > 0) return this.#received.shift();
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        this.#readers.push(resolve);
        timer = setTimeout(() => reject(new Error('timed out')), PATIENCE);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {unknown} message */
  async ask(message) {
    this.send(message);
    return this.next();
  }

  /**
   * Whether the next message answers a ping sent now: then nothing else was received before, since messages keep their order.
   * @param {number} ts
   */
  async hasNothingBut(ts) {
    const answer = await this.ask({ type: 'ping', ts });
    return answer.type === 'pong' && answer.ts === ts;
  }
}

/**
 * A host, and a viewer that has joined it.
 * @param {TestContext} t
 * @param {string} url
 */
export async function openPair(t, url) {
  const host = await Client.open(t, `${url}/mac`);
  const registered = await host.next();
  const viewer = await Client.open(t, `${url}/browser`);
  const joined = await viewer.ask({ type: 'join', code: registered.code });
  return { host, viewer, registered, joined };
}
