// Reading messages, against the golden vectors.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readMessage } from '../src/messages.js';

const vectors = JSON.parse(
  readFileSync(new URL('../../../fixtures/pairing/relay-to-host.json', import.meta.url), 'utf8'),
);

// The WebSocket layer rejects invalid UTF-8.
for (const { id, verdict, text, message } of vectors.filter(({ text }) => text !== undefined)) {
  test(`${id}: ${verdict}`, () => {
    const read = readMessage(text);
    if (verdict === 'reject') assert.equal(read, null);
    // Unknown members are allowed.
    else assert.deepEqual({ ...read, ...message }, read);
  });
}
