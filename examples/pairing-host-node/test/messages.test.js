// What a host reads, against the golden vectors of the specification.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readMessage } from '../src/messages.js';

const vectors = JSON.parse(
  readFileSync(new URL('../../../fixtures/pairing/relay-to-host.json', import.meta.url), 'utf8'),
);

// Bytes that are no UTF-8 are refused by the WebSocket before they come here.
for (const { id, verdict, text, message } of vectors.filter(({ text }) => text !== undefined)) {
  test(`${id}: ${verdict}`, () => {
    const read = readMessage(text);
    if (verdict === 'reject') assert.equal(read, null);
    // Members that are not known may be there, and mean nothing.
    else assert.deepEqual({ ...read, ...message }, read);
  });
}
