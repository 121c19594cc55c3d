// Lines, however the bytes are cut.

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

test('a line feed ends a line, and nothing else does', async () => {
  assert.deepEqual(await split(Buffer.from('a\r\n\nb\u2028c\rd\nrest')), ['a\r\n', '\n', 'b\u2028c\rd\n', 'rest']);
});

test('chunks may end anywhere, within a character too', async () => {
  const bytes = Buffer.from('é漢😀\n\u{10fffd}\n');
  const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));
  assert.deepEqual(await split(...chunks), ['é漢😀\n', '\u{10fffd}\n']);
});
