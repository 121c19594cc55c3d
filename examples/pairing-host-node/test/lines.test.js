// Lines, however the stream is divided into chunks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lines } from '../src/lines.js';

/** @param {Buffer[]} chunks */
async function split(...chunks) {
  async function* stream() {
    yield* chunks;
  }
  const found = [];
  for await (const line of lines(stream())) found.push(line);
  return found;
}

test('only a line feed ends a line', async () => {
  assert.deepEqual(await split(Buffer.from('a\r\n\nb\u2028c\rd\nrest')), ['a\r\n', '\n', 'b\u2028c\rd\n', 'rest']);
});

test('chunks may end anywhere, even within a character', async () => {
  const bytes = Buffer.from('é漢😀\n\u{10fffd}\n');
  const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));
  assert.deepEqual(await split(...chunks), ['é漢😀\n', '\u{10fffd}\n']);
});
