// Session codes: the alphabet, and the drawing of a code that nobody can predict.

import { randomInt } from 'node:crypto';

/** 28 digits and capital letters of which no two look alike. */
export const ALPHABET = '346789ABCDEFGHJKLMNPQRTUVWXY';
export const CODE_LENGTH = 6;

/**
 * randomInt takes from the system's cryptographic generator and rejects what would favour some characters, which a
 * random byte modulo 28 does not (PAIR-14).
 */
export function drawCode() {
  let code = '';
  for (let i = 0; i < CODE_LENGTH; i += 1) code += ALPHABET[randomInt(ALPHABET.length)];
  return code;
}
