// The command line: defaults, units, and one-line errors.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionError, parseOptions } from '../src/options.js';

test('the defaults are those of the specification', () => {
  assert.deepEqual(parseOptions([]), {
    host: '127.0.0.1',
    port: 8080,
    codeLifetime: 300_000,
    codeRetention: 300_000,
    heartbeatInterval: 30_000,
    heartbeatTimeout: 10_000,
    maxMessage: 2 * 1024 * 1024,
  });
});

test('durations and sizes have units', () => {
  const options = parseOptions(['--code-lifetime', '1.5s', '--heartbeat-interval=300ms', '--max-message', '1024KiB']);
  assert.equal(options?.codeLifetime, 1500);
  assert.equal(options?.codeRetention, 1500, 'by default as long as the lifetime');
  assert.equal(options?.heartbeatInterval, 300);
  assert.equal(options?.maxMessage, 1024 * 1024);
});

for (const args of [
  ['--port', 'http'],
  ['--port', '65536'],
  ['--port', '-1'],
  ['--port'],
  ['--host', ''],
  ['--code-lifetime', '5'],
  ['--code-lifetime', '0ms'],
  ['--code-lifetime', '1000h'],
  ['--heartbeat-timeout', 'soon'],
  ['--max-message', '1KiB'],
  ['--colour', 'blue'],
  ['8080'],
]) {
  test(`rejects ${args.join(' ')} in one line`, () => {
    assert.throws(
      () => parseOptions(args),
      (error) => error instanceof OptionError && error.message !== '' && !error.message.includes('\n'),
    );
  });
}
