// Session codes: the alphabet, and unpredictable codes.

import { randomInt } from 'node:crypto';

/** 28 digits and capital letters, no two of which look alike. */
export const ALPHABET = '346789ABCDEFGHJKLMNPQRTUVWXY';
export const CODE_LENGTH = 6;

/**
 * `randomInt` is cryptographically secure and uniform; a random byte modulo 28 would favour some characters (PAIR-14).
 */
export function drawCode() {
  let code = '';
  for (let i = 0; i < CODE_LENGTH; i += 1) code += ALPHABET[randomInt(ALPHABET.length)];
  return code;
}
