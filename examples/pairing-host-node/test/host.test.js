// The host against a relay that the test plays.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { CODE, openPair, OTHER_CODE, registered, startHost, startRelay } from './support.js';

test('the host takes its code, and tells of another one, but not twice of the same', async (t) => {
  const relay = await startRelay(t);
  const { events } = startHost(t, relay.url);
  const { socket } = await relay.connections.next();
  for (const code of [CODE, CODE, OTHER_CODE]) socket.send(registered(code));
  assert.deepEqual(await events.next(), ['connected']);
  assert.deepEqual(await events.next(), ['registered', CODE]);
  assert.deepEqual(await events.next(), ['registered', OTHER_CODE]);
});

test('data passes both ways, in order and unchanged', async (t) => {
  const { host, events, connection } = await openPair(t);
  for (const payload of ['', 'ls -la\n', '\0é漢😀\u{10fffd}\u2028', '\ud800', 'x'.repeat(1024 * 1024)]) {
    connection.socket.send(JSON.stringify({ type: 'data', payload }));
    assert.deepEqual(await events.next(), ['data', payload]);
    host.send(payload);
    assert.deepEqual(await connection.messages.next(), { type: 'data', payload });
  }
});

test('what is no message, an error and bytes are survived', async (t) => {
  const { events, connection } = await openPair(t);
  const deep = '['.repeat(100_000);
  for (const text of ['', 'no', '[]', '1', 'null', deep, '{"type":"dance"}', '{"type":"data"}']) connection.socket.send(text);
  connection.socket.send(Buffer.from([0, 1, 2]));
  connection.socket.send('{"type":"error","code":"INVALID_MESSAGE","message":"No."}');
  connection.socket.send('{"type":"data","payload":"still here"}');
  assert.deepEqual(await events.next(), ['error', 'INVALID_MESSAGE']);
  assert.deepEqual(await events.next(), ['data', 'still here']);
});

test('what is given before there is a code is kept in order', async (t) => {
  const relay = await startRelay(t);
  const { host } = startHost(t, relay.url);
  host.send('1');
  const { socket, messages } = await relay.connections.next();
  host.send('2');
  socket.send(registered());
  assert.equal((await messages.next()).payload, '1');
  assert.equal((await messages.next()).payload, '2');
});

test('what does not fit is refused, and what still waits at the end is told of', async (t) => {
  const { host, events } = startHost(t, 'ws://127.0.0.1:1/mac');
  host.send('x'.repeat(16 * 1024 ** 2));
  host.send('y');
  assert.deepEqual(await events.next(), ['error', 'BACKLOG_FULL']);
  host.stop();
  assert.deepEqual(await events.next(), ['error', 'NOT_SENT']);
});

for (const [how, leave] of /** @type {[string, (socket: import('ws').WebSocket) => void][]} */ ([
  ['says goodbye', (socket) => socket.close(1000)],
  ['is cut off', (socket) => socket.terminate()],
  ['breaks the protocol', (socket) => Reflect.get(socket, '_socket').write(Buffer.from([0xf3, 0x00]))],
  // The Close frame alone, without the end of TCP that ought to follow it.
  ['leaves TCP open', (socket) => Reflect.get(socket, '_socket').write(Buffer.from([0x88, 0x00]))],
])) {
  test(`after a relay that ${how} the host comes back and uses the new code`, async (t) => {
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

test('a relay that falls silent is asked, and then left', async (t) => {
  const { events, connection } = await openPair(t);
  assert.equal((await connection.messages.next()).type, 'ping');
  connection.socket.send('{"type":"pong","ts":1}');
  assert.equal((await connection.messages.next()).type, 'ping');
  connection.socket.pause();
  assert.deepEqual(await events.next(), ['disconnected']);
});

test('attempts that hang are given up, and after max_attempts of them the host', async (t) => {
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

test('a relay that accepts and never registers does not count as success', async (t) => {
  const relay = await startRelay(t);
  const { events } = startHost(t, relay.url, { policy: { max_attempts: 2 } });
  for (const name of ['connected', 'disconnected', 'connected', 'disconnected', 'gave up']) {
    assert.deepEqual(await events.next(), [name]);
  }
});

test('a host that is stopped says goodbye', async (t) => {
  const { host, outcome, connection } = await openPair(t);
  host.stop();
  assert.equal(await connection.closed, 1000);
  assert.equal(await outcome, 'stopped');
});
