// Test helpers: a relay that each test scripts, and a user that records events.

import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { Host } from '../src/host.js';

/** @typedef {import('node:test').TestContext} TestContext */

export const CODE = 'K7QX4M';
export const OTHER_CODE = 'AAAAAA';
export const TIMING = { connect_timeout: 0.2, notify_deadline: 0.2, heartbeat_interval: 0.1, heartbeat_timeout: 0.1 };
export const POLICY = { base: 0.02, factor: 2, cap: 0.1, jitter: 0, max_attempts: Infinity };

// After so long a wait, a test has failed.
const PATIENCE = 5000;

/** @param {string} code */
export const registered = (code = CODE) => JSON.stringify({ type: 'registered', code, expiresAt: 1_760_000_300_000 });

/** A queue whose readers can wait. */
export class Queue {
  /** @type {any[]} */
  #items = [];
  /** @type {((item: any) => void)[]} */
  #readers = [];

  /** @param {any} item */
  push(item) {
    const reader = this.#readers.shift();
    if (reader) reader(item);
    else this.#items.push(item);
  }

  async next() {
    if (this.#items.length > 0) return this.#items.shift();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('timed out')), PATIENCE);
      this.#readers.push((item) => {
        clearTimeout(timer);
        resolve(item);
      });
    });
  }
}

/**
 * A relay that accepts connections and sends nothing by itself.
 * @param {TestContext} t
 * @param {object} [options] for the server
 */
export async function startRelay(t, options) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  await once(server, 'listening');
  const connections = new Queue();
  server.on('connection', (socket) => {
    const messages = new Queue();
    socket.on('message', (bytes) => messages.push(JSON.parse(bytes.toString())));
    connections.push({ socket, messages, closed: once(socket, 'close').then(([code]) => code) });
  });
  t.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `ws://127.0.0.1:${port}/mac`, connections };
}

/**
 * A running host.
 * @param {TestContext} t
 * @param {string} url
 * @param {{ timing?: object, policy?: object }} [changes]
 */
export function startHost(t, url, { timing = {}, policy = {} } = {}) {
  const events = new Queue();
  const record = (/** @type {string} */ name) => (/** @type {any[]} */ ...values) => events.push([name, ...values]);
  const user = {
    connected: record('connected'),
    disconnected: record('disconnected'),
    registered: (/** @type {string} */ code) => events.push(['registered', code]),
    reconnected: record('reconnected'),
    data: record('data'),
    error: (/** @type {string} */ code) => events.push(['error', code]),
    waiting: () => {},
    gaveUp: record('gave up'),
  };
  const host = new Host({ url, timing: { ...TIMING, ...timing }, policy: { ...POLICY, ...policy } }, user);
  const outcome = host.run();
  t.after(() => host.stop());
  return { host, events, outcome };
}

/**
 * A host that has its code.
 * @param {TestContext} t
 * @param {{ timing?: object, policy?: object }} [changes]
 */
export async function openPair(t, changes) {
  const relay = await startRelay(t);
  const { host, events, outcome } = startHost(t, relay.url, changes);
  const connection = await relay.connections.next();
  connection.socket.send(registered());
  await events.next();
  await events.next();
  return { relay, host, events, outcome, connection };
}
