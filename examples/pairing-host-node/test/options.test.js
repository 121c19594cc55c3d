// The command line and the environment.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OptionError, parseOptions } from '../src/options.js';

const URL_OF_RELAY = 'ws://127.0.0.1:8080/mac';

test('the flag wins over the address in the environment', () => {
  assert.equal(parseOptions([], { CONFORMANCE_URL: URL_OF_RELAY })?.url, URL_OF_RELAY);
  assert.equal(parseOptions(['--url', URL_OF_RELAY], { CONFORMANCE_URL: 'ws://other' })?.url, URL_OF_RELAY);
});

test('defaults to a console and endless attempts', () => {
  const options = parseOptions(['--url', URL_OF_RELAY], {});
  assert.equal(options?.driver, false);
  assert.equal(options?.policy.max_attempts, Infinity);
  assert.equal(options?.timing.connect_timeout, 10);
  assert.equal(parseOptions(['--url', URL_OF_RELAY, '--max-attempts', '3'], {})?.policy.max_attempts, 3);
});

test('params select the driver protocol', () => {
  const CONFORMANCE_PARAMS = '{"connect_timeout":0.5,"reconnect":{"base":0.1,"factor":2,"cap":0.4,"jitter":0.3},"pin":"1"}';
  const options = parseOptions(['--url', URL_OF_RELAY], { CONFORMANCE_PARAMS });
  assert.equal(options?.driver, true);
  assert.equal(options?.timing.connect_timeout, 0.5);
  assert.deepEqual(options?.policy, { base: 0.1, factor: 2, cap: 0.4, jitter: 0.3, max_attempts: Infinity });
});

for (const args of [[], ['--url', 'http://x'], ['--url', URL_OF_RELAY, '--max-attempts', '0'], ['--colour']]) {
  test(`rejects ${args.join(' ') || 'no address'}`, () => assert.throws(() => parseOptions(args, {}), OptionError));
}

const vectors = JSON.parse(readFileSync(new URL('../../../fixtures/driver/params.json', import.meta.url), 'utf8'));
// A host ignores `code`, which does not concern it.
for (const { id, verdict, text } of vectors.filter(({ id }) => id !== 'code-number')) {
  test(`params ${id}: ${verdict}`, () => {
    const parse = () => parseOptions(['--url', URL_OF_RELAY], { CONFORMANCE_PARAMS: text });
    if (verdict === 'accept') parse();
    else assert.throws(parse, OptionError);
  });
}
