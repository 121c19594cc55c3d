// Reading messages: which are accepted, and numbers that are repeated as they were written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataMessage, pong, readHostMessage as readHost, readViewerMessage as readViewer } from '../src/messages.js';

/** @param {string} text */
const readHostMessage = (text) => readHost(Buffer.from(text));
/** @param {string} text */
const readViewerMessage = (text) => readViewer(Buffer.from(text));

const UUID = '0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11';

test('each role has its own messages', () => {
  const register = JSON.stringify({ type: 'register', clientId: UUID });
  const join = JSON.stringify({ type: 'join', code: 'K7QX4M' });
  assert.equal(readHostMessage(register)?.type, 'register');
  assert.equal(readViewerMessage(register), null);
  assert.equal(readViewerMessage(join)?.type, 'join');
  assert.equal(readHostMessage(join), null);
});

test('drops unknown members', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const message = readHostMessage(`{"type":"register","clientId":"${UUID}","more":${deep},"__proto__":{"y":1}}`);
  assert.deepEqual(message, { type: 'register', clientId: UUID });
});

test('accepts any UUID, in either case and of any version', () => {
  for (const clientId of [UUID.toUpperCase(), '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']) {
    assert.ok(readHostMessage(JSON.stringify({ type: 'register', clientId })), clientId);
  }
  assert.equal(readHostMessage(JSON.stringify({ type: 'register', clientId: `${UUID}\n` })), null);
});

for (const text of [
  '',
  'x',
  '[]',
  'null',
  '"ping"',
  '{}',
  '{"type":1}',
  '{"type":"constructor"}',
  '{"type":"data"}',
  '{"type":"data","payload":null}',
  '{"type":"ping","ts":"1"}',
  '{"type":"join","code":"K7QX4"}',
  '{"type":"join","code":"K7QX4MM"}',
  '{"type":"join","code":777777}',
  '{"type":"joined","sessionId":"0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11"}',
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
]) {
  test(`rejects ${text.slice(0, 60)}`, () => assert.equal(readViewerMessage(text), null));
}

test('forwards a payload as it was written', () => {
  for (const payload of ['""', '"\\u0041\\ud800\\/"', '"\\u0000 é 漢 🙂 \u{10ffff} \u2028"']) {
    const message = readHostMessage(`{ "payload" : ${payload} , "x":"payload", "type":"d\\u0061ta" }`);
    assert.equal(message?.type, 'data');
    assert.equal(dataMessage(message.payload).toString(), `{"type":"data","payload":${payload}}`);
  }
});

test('repeats the number of a ping as it was written', () => {
  for (const ts of ['0', '-0', '1.0', '1e0', '12345678901234567890', '1E999', '0.1000000000000000055511151231257827']) {
    const message = readHostMessage(`{"x":{"ts":1},"y":[2,{"ts":3},"\\",\\"ts\\":4"],"t\\u0073" :\t${ts} ,"type":"ping" }`);
    assert.equal(message?.type, 'ping');
    assert.equal(pong(message.ts).toString(), `{"type":"pong","ts":${ts}}`);
  }
});

test('the last of two equal members counts', () => {
  const message = readHostMessage('{"ts":1,"type":"ping","ts":2}');
  assert.equal(message?.type === 'ping' && pong(message.ts).toString(), '{"type":"pong","ts":2}');
  assert.equal(readHostMessage('{"ts":1,"type":"ping","ts":"2"}'), null);
});
