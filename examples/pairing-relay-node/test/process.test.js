// The program as a process: its log line, exit codes and signals.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPair } from './support.js';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));

/**
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 */
function run(t, ...args) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  return { child, errors: text(child.stderr), exit: once(child, 'exit') };
}

/** @param {ReturnType<typeof run>} running */
async function address({ child }) {
  const [line] = await once(child.stdout, 'data');
  const [, url] = /^listening on (ws:\/\/127\.0\.0\.1:\d+)\n$/.exec(String(line)) ?? [];
  assert.ok(url, `unexpected: ${line}`);
  return url;
}

for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
  test(`${signal} closes every connection with 1001 and ends the process`, async (t) => {
    const running = run(t, '--port', '0');
    const { host, viewer } = await openPair(t, await address(running));
    running.child.kill(signal);
    assert.equal((await host.closed).code, 1001);
    assert.equal((await viewer.closed).code, 1001);
    assert.deepEqual(await running.exit, [0, null]);
    assert.equal(await running.errors, '');
  });
}

test('an invalid option ends with one line and code 2', async (t) => {
  const running = run(t, '--code-lifetime', 'long');
  assert.deepEqual(await running.exit, [2, null]);
  assert.match(await running.errors, /^error: --code-lifetime: .*\n$/);
});

test('a port in use ends with one line and code 1', async (t) => {
  const port = new URL(await address(run(t, '--port', '0'))).port;
  const running = run(t, '--port', port);
  assert.deepEqual(await running.exit, [1, null]);
  assert.match(await running.errors, /^error: .*in use\n$/);
});
