// The program as a process: input, output, exit status.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CODE, Queue, registered, startRelay } from './support.js';
import { lines } from '../src/lines.js';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));

/**
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 * @param {string} [params]
 */
function run(t, args, params) {
  const { CONFORMANCE_PARAMS: _, ...env } = process.env;
  if (params !== undefined) env.CONFORMANCE_PARAMS = params;
  const child = spawn(process.execPath, [MAIN, ...args], { env });
  t.after(() => child.kill('SIGKILL'));
  return { child, exit: once(child, 'exit') };
}

test('reports events to a driver, and obeys it', async (t) => {
  const relay = await startRelay(t);
  const { child, exit } = run(t, ['--url', relay.url], '{}');
  const events = new Queue();
  (async () => {
    for await (const line of lines(child.stdout)) events.push(JSON.parse(line));
  })();
  const { socket, messages, closed } = await relay.connections.next();
  socket.send(registered());
  assert.deepEqual(await events.next(), { event: 'connected' });
  assert.deepEqual(await events.next(), { event: 'registered', code: CODE });
  child.stdin.write('{"do":"send","payload":"a\u2028b"}\n{"do":"dance"}\n{"do":"send"}\n\n');
  assert.deepEqual(await messages.next(), { type: 'data', payload: 'a\u2028b' });
  assert.deepEqual(await events.next(), { event: 'unsupported', do: 'dance' });
  assert.equal((await events.next()).code, 'BAD_COMMAND');
  child.stdin.write('{"do":"stop"}\n');
  assert.equal(await closed, 1000);
  assert.deepEqual(await exit, [0, null]);
});

test('at a terminal: shows the code, sends lines, prints data, and ends on a signal', async (t) => {
  const relay = await startRelay(t);
  const { child, exit } = run(t, ['--url', relay.url]);
  const errors = text(child.stderr);
  const output = text(child.stdout);
  child.stdin.end('hello\n');
  const { socket, messages } = await relay.connections.next();
  socket.send(registered());
  assert.deepEqual(await messages.next(), { type: 'data', payload: 'hello\n' });
  socket.send('{"type":"data","payload":"world"}');
  socket.ping();
  await once(socket, 'pong');
  child.kill('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
  assert.equal(await output, 'world');
  assert.match(await errors, new RegExp(`^code ${CODE} `));
});

test('giving up has its own status', async (t) => {
  const { child, exit } = run(t, ['--url', 'ws://127.0.0.1:1/mac', '--max-attempts', '1', '--driver']);
  assert.equal(await text(child.stdout), '{"event":"gave_up"}\n');
  assert.deepEqual(await exit, [1, null]);
});

test('an invalid option ends with one line and status 2', async (t) => {
  const { child, exit } = run(t, ['--url', 'nowhere']);
  assert.match(await text(child.stderr), /^error: --url: .*\n$/);
  assert.deepEqual(await exit, [2, null]);
});
