// The host, against a relay that each test scripts.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { CODE, openPair, OTHER_CODE, registered, startHost, startRelay } from './support.js';

test('reports a new code, but not the same one twice', async (t) => {
  const relay = await startRelay(t);
  const { events } = startHost(t, relay.url);
  const { socket } = await relay.connections.next();
  for (const code of [CODE, CODE, OTHER_CODE]) socket.send(registered(code));
  assert.deepEqual(await events.next(), ['connected']);
  assert.deepEqual(await events.next(), ['registered', CODE]);
  assert.deepEqual(await events.next(), ['registered', OTHER_CODE]);
});

test('carries data both ways, in order and unchanged', async (t) => {
  const { host, events, connection } = await openPair(t);
  for (const payload of ['', 'ls -la\n', '\0é漢😀\u{10fffd}\u2028', '\ud800', 'x'.repeat(1024 * 1024)]) {
    connection.socket.send(JSON.stringify({ type: 'data', payload }));
    assert.deepEqual(await events.next(), ['data', payload]);
    host.send(payload);
    assert.deepEqual(await connection.messages.next(), { type: 'data', payload });
  }
});

test('ignores invalid messages and reports errors', async (t) => {
  const { events, connection } = await openPair(t);
  const deep = '['.repeat(100_000);
  for (const text of ['', 'no', '[]', '1', 'null', deep, '{"type":"dance"}', '{"type":"data"}']) connection.socket.send(text);
  connection.socket.send(Buffer.from([0, 1, 2]));
  connection.socket.send('{"type":"error","code":"INVALID_MESSAGE","message":"No."}');
  connection.socket.send('{"type":"data","payload":"still here"}');
  assert.deepEqual(await events.next(), ['error', 'INVALID_MESSAGE']);
  assert.deepEqual(await events.next(), ['data', 'still here']);
});

test('keeps data in order until there is a code', async (t) => {
  const relay = await startRelay(t);
  const { host } = startHost(t, relay.url);
  host.send('1');
  const { socket, messages } = await relay.connections.next();
  host.send('2');
  socket.send(registered());
  assert.equal((await messages.next()).payload, '1');
  assert.equal((await messages.next()).payload, '2');
});

test('refuses what does not fit, and reports what was not sent', async (t) => {
  const { host, events } = startHost(t, 'ws://127.0.0.1:1/mac');
  host.send('x'.repeat(16 * 1024 ** 2));
  host.send('y');
  assert.deepEqual(await events.next(), ['error', 'BACKLOG_FULL']);
  host.stop();
  assert.deepEqual(await events.next(), ['error', 'NOT_SENT']);
});

for (const [how, leave] of /** @type {[string, (socket: import('ws').WebSocket) => void][]} */ ([
  ['closes', (socket) => socket.close(1000)],
  ['resets', (socket) => socket.terminate()],
  ['violates RFC 6455', (socket) => Reflect.get(socket, '_socket').write(Buffer.from([0xf3, 0x00]))],
  // A Close frame that the end of TCP does not follow.
  ['sends only a Close frame', (socket) => Reflect.get(socket, '_socket').write(Buffer.from([0x88, 0x00]))],
])) {
  test(`reconnects and uses the new code when the relay ${how}`, async (t) => {
    const { relay, host, events, connection } = await openPair(t);
    leave(connection.socket);
    assert.deepEqual(await events.next(), ['disconnected']);
    host.send('meanwhile');
    const next = await relay.connections.next();
    next.socket.send(registered(OTHER_CODE));
    assert.deepEqual(await events.next(), ['connected']);
    assert.deepEqual(await events.next(), ['registered', OTHER_CODE]);
    assert.deepEqual(await events.next(), ['reconnected']);
    assert.equal((await next.messages.next()).payload, 'meanwhile');
    await connection.closed;
  });
}

test('pings a silent relay, then abandons it', async (t) => {
  const { events, connection } = await openPair(t);
  assert.equal((await connection.messages.next()).type, 'ping');
  connection.socket.send('{"type":"pong","ts":1}');
  assert.equal((await connection.messages.next()).type, 'ping');
  connection.socket.pause();
  assert.deepEqual(await events.next(), ['disconnected']);
});

test('abandons attempts that hang, and gives up after max_attempts', async (t) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  t.after(() => silent.close());
  await once(silent, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (silent.address());
  const start = performance.now();
  const { events, outcome } = startHost(t, `ws://127.0.0.1:${port}/mac`, { policy: { max_attempts: 2 } });
  assert.deepEqual(await events.next(), ['gave up']);
  assert.equal(await outcome, 'gave up');
  const took = performance.now() - start;
  assert.ok(took > 400 && took < 1000, `${took} ms`);
});

test('an open connection is not success', async (t) => {
  const relay = await startRelay(t);
  const { events } = startHost(t, relay.url, { policy: { max_attempts: 2 } });
  for (const name of ['connected', 'disconnected', 'connected', 'disconnected', 'gave up']) {
    assert.deepEqual(await events.next(), [name]);
  }
});

test('closes with 1000 when stopped', async (t) => {
  const { host, outcome, connection } = await openPair(t);
  host.stop();
  assert.equal(await connection.closed, 1000);
  assert.equal(await outcome, 'stopped');
});
