// Policies and delays, against the tables of the specification.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Backoff, nominalDelay, parsePolicy } from '../src/policy.js';

/** @param {string} name */
const vectors = (name) =>
  JSON.parse(readFileSync(new URL(`../../../fixtures/reconnect/${name}.json`, import.meta.url), 'utf8'));

for (const { id, verdict, policy } of vectors('policies')) {
  test(`policy ${id}: ${verdict}`, () => {
    if (verdict === 'accept') parsePolicy(policy);
    else assert.throws(() => parsePolicy(policy));
  });
}

for (const { id, policy, delays } of vectors('delays')) {
  test(`delays of ${id}`, () => {
    for (const { attempt, nominal } of delays) {
      assert.ok(Math.abs(nominalDelay(policy, attempt) - nominal) < 1e-6, `attempt ${attempt}`);
    }
  });
}

test('jitter spreads a delay around its nominal value', () => {
  const policy = parsePolicy({ base: 1, factor: 2, cap: 32, jitter: 0.5 });
  const extremes = [0, 0.5, 1].map((random) => new Backoff(policy, () => random).nextDelay());
  assert.deepEqual(extremes, [0.5, 1, 1.5]);
});

test('only success restarts the sequence, and only failures count', () => {
  const policy = parsePolicy({ base: 1, factor: 2, cap: 32, jitter: 0, max_attempts: 3 });
  const backoff = new Backoff(policy);
  assert.deepEqual([backoff.nextDelay(), backoff.nextDelay()], [1, 2], 'the very first attempt counts as a loss');
  backoff.succeeded();
  // The loss itself is not a failed attempt; three failed ones follow it.
  assert.deepEqual([1, 2, 3, 4].map(() => backoff.nextDelay()), [1, 2, 4, null]);
});
