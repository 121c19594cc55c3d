// The lines of a stream. Only a line feed ends one; `readline` also splits at U+2028, which JSON may contain.

/**
 * @param {AsyncIterable<Buffer>} stream
 * @returns {AsyncGenerator<string>} each line with its line feed; the last one may lack it
 */
export async function* lines(stream) {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  /** @type {string[]} */
  let parts = [];
  for await (const chunk of stream) {
    const pieces = decoder.decode(chunk, { stream: true }).split(/(?<=\n)/);
    for (const piece of pieces) {
      parts.push(piece);
      if (!piece.endsWith('\n')) continue;
      yield parts.join('');
      parts = [];
    }
  }
  const rest = parts.join('') + decoder.decode();
  if (rest !== '') yield rest;
}
