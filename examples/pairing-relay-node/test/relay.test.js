// Conversations over real WebSockets.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Client, openPair, sleep, startRelay } from './support.js';

const CLIENT_ID = '0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11';

test('a host and a viewer pair and exchange data', async (t) => {
  const url = await startRelay(t);
  const { host, viewer, registered, joined } = await openPair(t, url);
  assert.match(registered.code, /^[346789ABCDEFGHJKLMNPQRTUVWXY]{6}$/);
  assert.ok(Math.abs(registered.expiresAt - Date.now() - 300_000) < 2000);
  assert.equal(joined.type, 'joined');

  const payloads = ['', 'ls -la\n', '\0 é 漢 🙂 \ud800', 'x'.repeat(1024 * 1024)];
  for (const payload of payloads) {
    host.send({ type: 'data', payload });
    viewer.send({ type: 'data', payload, more: true });
  }
  for (const payload of payloads) {
    assert.deepEqual(await viewer.next(), { type: 'data', payload });
    assert.deepEqual(await host.next(), { type: 'data', payload });
  }
  assert.ok(await host.hasNothingBut(1));
  assert.ok(await viewer.hasNothingBut(2));
});

test('paths: ignores a query, and closes an unknown path with 4000', async (t) => {
  const url = await startRelay(t);
  const host = await Client.open(t, `${url}/mac?token=/browser`);
  assert.equal((await host.next()).type, 'registered');
  const stray = await Client.open(t, `${url}/elsewhere`);
  assert.deepEqual(await stray.closed, { code: 4000, reason: 'Invalid path' });
});

test('register repeats a live code and replaces an expired one', async (t) => {
  const url = await startRelay(t, '--code-lifetime', '300ms');
  const host = await Client.open(t, `${url}/mac`);
  const first = await host.next();
  assert.deepEqual(await host.ask({ type: 'register', clientId: CLIENT_ID }), first);
  await sleep(first.expiresAt - Date.now() + 1);
  const second = await host.ask({ type: 'register', clientId: CLIENT_ID });
  assert.equal(second.type, 'registered');
  assert.notEqual(second.code, first.code);

  const viewer = await Client.open(t, `${url}/browser`);
  assert.equal((await viewer.ask({ type: 'join', code: first.code })).code, 'EXPIRED_CODE');
  assert.equal((await viewer.ask({ type: 'join', code: second.code })).type, 'joined');
});

test('a code expires, but not while it is in use', async (t) => {
  const url = await startRelay(t, '--code-lifetime', '300ms');
  const { host, viewer, registered } = await openPair(t, url);
  const unjoined = await Client.open(t, `${url}/mac`);
  const expired = await unjoined.next();
  await sleep(expired.expiresAt - Date.now() + 1);

  const late = await Client.open(t, `${url}/browser`);
  assert.equal((await late.ask({ type: 'join', code: expired.code })).code, 'EXPIRED_CODE');
  assert.equal((await late.ask({ type: 'join', code: registered.code })).code, 'ALREADY_JOINED');
  host.send({ type: 'data', payload: 'still here' });
  assert.equal((await viewer.next()).payload, 'still here');

  viewer.ws.terminate();
  await once(viewer.ws, 'close');
  await sleep(20);
  assert.equal((await late.ask({ type: 'join', code: registered.code })).type, 'joined');
});

test('one of several viewers that race for a code wins', async (t) => {
  const url = await startRelay(t);
  const host = await Client.open(t, `${url}/mac`);
  const { code } = await host.next();
  const viewers = await Promise.all(Array.from({ length: 8 }, () => Client.open(t, `${url}/browser`)));
  const answers = await Promise.all(viewers.map((viewer) => viewer.ask({ type: 'join', code })));
  assert.equal(answers.filter((answer) => answer.type === 'joined').length, 1);
  assert.equal(answers.filter((answer) => answer.code === 'ALREADY_JOINED').length, 7);
});

test('drops data without a partner', async (t) => {
  const url = await startRelay(t);
  const host = await Client.open(t, `${url}/mac`);
  const { code } = await host.next();
  host.send({ type: 'data', payload: 'too early' });
  assert.ok(await host.hasNothingBut(1));
  const viewer = await Client.open(t, `${url}/browser`);
  assert.equal((await viewer.ask({ type: 'data', payload: 'too early' })).code, 'NOT_FOUND');
  assert.equal((await viewer.ask({ type: 'join', code })).type, 'joined');
  assert.ok(await viewer.hasNothingBut(2));
  assert.ok(await host.hasNothingBut(3));
});

test('answers invalid messages, and keeps the connection open', async (t) => {
  const url = await startRelay(t);
  const { host, viewer } = await openPair(t, url);
  const bombs = ['[]', '{', '['.repeat(100_000), JSON.stringify({ type: 'pong', ts: 1 }), Buffer.from([0, 1, 2])];
  for (const client of [host, viewer]) {
    for (const bomb of bombs) {
      client.ws.send(bomb);
      const answer = await client.next();
      assert.equal(answer.code, 'INVALID_MESSAGE');
      assert.notEqual(answer.message, '');
    }
  }
  assert.equal((await viewer.ask({ type: 'register', clientId: CLIENT_ID })).code, 'INVALID_MESSAGE');
  assert.equal((await host.ask({ type: 'register', clientId: 'me' })).code, 'INVALID_MESSAGE');
  assert.equal((await host.ask({ type: 'join', code: 'AAAAAA' })).code, 'INVALID_MESSAGE');
  assert.ok(await host.hasNothingBut(1));
  assert.ok(await viewer.hasNothingBut(2));
});

test('closes with 1009 after a message that is too large', async (t) => {
  const url = await startRelay(t, '--max-message', '1MiB');
  const host = await Client.open(t, `${url}/mac`);
  host.send('x'.repeat(1024 * 1024 + 1));
  assert.equal((await host.closed).code, 1009);
});

test('the tenth failed join is answered, and then the connection is closed with 1008', async (t) => {
  const url = await startRelay(t);
  const viewer = await Client.open(t, `${url}/browser`);
  for (let i = 0; i < 10; i += 1) {
    assert.equal((await viewer.ask({ type: 'join', code: '000000' })).code, 'INVALID_CODE');
  }
  assert.equal((await viewer.closed).code, 1008);
});

test('a joined viewer that joins again keeps its pairing, however often', async (t) => {
  const url = await startRelay(t);
  const { host, viewer, registered } = await openPair(t, url);
  for (let i = 0; i < 12; i += 1) {
    assert.equal((await viewer.ask({ type: 'join', code: registered.code })).code, 'ALREADY_JOINED');
  }
  host.send({ type: 'data', payload: 'on' });
  assert.equal((await viewer.next()).payload, 'on');
});

for (const [how, leave] of /** @type {[string, (client: Client) => void][]} */ ([
  ['closes', (client) => client.ws.close(1000)],
  ['resets', (client) => client.ws.terminate()],
])) {
  test(`when a host ${how}, its viewer is notified and can join another`, async (t) => {
    const url = await startRelay(t);
    const { host, viewer, registered } = await openPair(t, url);
    leave(host);
    assert.equal((await viewer.next()).code, 'MAC_DISCONNECTED');
    assert.equal((await viewer.ask({ type: 'join', code: registered.code })).code, 'INVALID_CODE');
    assert.equal((await viewer.ask({ type: 'data', payload: 'x' })).code, 'NOT_FOUND');
    const other = await Client.open(t, `${url}/mac`);
    assert.equal((await viewer.ask({ type: 'join', code: (await other.next()).code })).type, 'joined');
  });
}

test('sends Ping frames at their interval, and drops a peer that does not answer', async (t) => {
  const url = await startRelay(t, '--heartbeat-interval', '200ms', '--heartbeat-timeout', '150ms');
  const alive = await Client.open(t, `${url}/mac`);
  await alive.next();
  const silent = await Client.open(t, `${url}/mac`, { autoPong: false });
  const viewer = await Client.open(t, `${url}/browser`);
  await viewer.ask({ type: 'join', code: (await silent.next()).code });

  assert.equal((await silent.closed).code, 1006, 'terminated without a Close frame');
  assert.equal((await viewer.next()).code, 'MAC_DISCONNECTED');
  await once(alive.ws, 'ping');
  await once(alive.ws, 'ping');
  assert.ok(await alive.hasNothingBut(1));
});

test('a viewer that does not read pauses only its host, and loses nothing', async (t) => {
  const url = await startRelay(t);
  const { host, viewer } = await openPair(t, url);
  const others = await openPair(t, url);
  viewer.ws.pause();
  const block = 'x'.repeat(256 * 1024);
  const count = 64;
  for (let i = 0; i < count; i += 1) host.send({ type: 'data', payload: `${i} ${block}` });

  others.host.send({ type: 'data', payload: 'unhindered' });
  assert.equal((await others.viewer.next()).payload, 'unhindered');
  viewer.ws.resume();
  for (let i = 0; i < count; i += 1) assert.equal((await viewer.next()).payload, `${i} ${block}`);
  assert.ok(await host.hasNothingBut(1));
});
