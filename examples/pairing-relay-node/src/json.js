// Reads the members of a JSON object without building their values. JSON.parse would spend a quarter of a second and some
// hundred mebibytes on a million nested arrays, copy each payload several times, and turn 12345678901234567890 into another
// number. Here values are checked and skipped, and those wanted are kept as they were written.

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
// In ASCII, each closing bracket is two after its opening one.
const TO_CLOSING = 2;
const ZERO = 0x30;
const LETTER_U = 0x75;
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'));
const LITERALS = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]));

/** A value as it was written. */
export class Token {
  /** @param {Buffer} bytes valid JSON without white space around it */
  constructor(bytes) {
    this.bytes = bytes;
  }

  get isString() {
    return this.bytes[0] === QUOTE;
  }

  get isNumber() {
    return isNumberStart(this.bytes[0]);
  }
}

/**
 * The members of a JSON object. If a member occurs twice, the last one counts, as with JSON.parse.
 * @param {Buffer} bytes valid UTF-8
 * @param {Set<string>} wanted
 * @returns {Map<string, Token> | null} the wanted ones; null if `bytes` are not a JSON object
 */
export function membersOf(bytes, wanted) {
  /** @type {Map<string, Token>} */
  const members = new Map();
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== OPEN_OBJECT) return null;
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === OPEN_OBJECT + TO_CLOSING) return endsAfter(bytes, at) ? members : null;
  for (;;) {
    const endOfName = endOfString(bytes, at);
    const start = startOfValue(bytes, endOfName);
    const end = endOfValue(bytes, start);
    if (end === -1) return null;
    // Parsed, since a name may contain escapes.
    const name = JSON.parse(bytes.toString('utf8', at, endOfName));
    if (wanted.has(name)) members.set(name, new Token(bytes.subarray(start, end)));
    at = skipSpace(bytes, end);
    if (bytes[at] === OPEN_OBJECT + TO_CLOSING) return endsAfter(bytes, at) ? members : null;
    if (bytes[at] !== COMMA) return null;
    at = skipSpace(bytes, at + 1);
  }
}

// The functions below return the index after the value that starts at the given index; -1 if the text is invalid, or if the
// given index is -1.

/**
 * @param {Buffer} bytes
 * @param {number} at the last byte of the object
 */
function endsAfter(bytes, at) {
  return skipSpace(bytes, at + 1) === bytes.length;
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 */
function skipSpace(bytes, at) {
  while (at < bytes.length && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09)) at += 1;
  return at;
}

/**
 * @param {Buffer} bytes
 * @param {number} endOfName
 */
function startOfValue(bytes, endOfName) {
  if (endOfName === -1) return -1;
  const at = skipSpace(bytes, endOfName);
  return bytes[at] === COLON ? skipSpace(bytes, at + 1) : -1;
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 */
function endOfValue(bytes, at) {
  if (at === -1) return -1;
  return bytes[at] === OPEN_OBJECT || bytes[at] === OPEN_ARRAY ? endOfContainer(bytes, at) : endOfScalar(bytes, at);
}

/**
 * Keeps the open brackets in a list instead of recursing, so that no depth exhausts the stack.
 * @param {Buffer} bytes
 * @param {number} at
 */
function endOfContainer(bytes, at) {
  const open = Buffer.allocUnsafe(bytes.length - at);
  let depth = 0;
  for (;;) {
    // At the start of a value.
    const first = bytes[at];
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      at = skipSpace(bytes, at + 1);
      if (bytes[at] !== first + TO_CLOSING) {
        open[depth] = first;
        depth += 1;
        if (first === OPEN_OBJECT) at = startOfValue(bytes, endOfString(bytes, at));
        if (at === -1) return -1;
        continue;
      }
      at += 1;
    } else {
      at = endOfScalar(bytes, at);
      if (at === -1) return -1;
    }
    // At the end of a value.
    for (; depth > 0; depth -= 1, at += 1) {
      at = skipSpace(bytes, at);
      if (bytes[at] !== open[depth - 1] + TO_CLOSING) break;
    }
    if (depth === 0) return at;
    if (bytes[at] !== COMMA) return -1;
    at = skipSpace(bytes, at + 1);
    if (open[depth - 1] === OPEN_OBJECT) at = startOfValue(bytes, endOfString(bytes, at));
    if (at === -1) return -1;
  }
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 */
function endOfScalar(bytes, at) {
  if (at >= bytes.length) return -1;
  if (bytes[at] === QUOTE) return endOfString(bytes, at);
  if (isNumberStart(bytes[at])) return endOfNumber(bytes, at);
  const word = LITERALS.get(bytes[at]);
  if (word === undefined) return -1;
  const end = at + word.length;
  return bytes.subarray(at, end).equals(word) ? end : -1;
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 */
function endOfString(bytes, at) {
  if (bytes[at] !== QUOTE) return -1;
  for (at += 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte < 0x20) return -1;
    if (byte === BACKSLASH) {
      at += 1;
      if (bytes[at] === LETTER_U) {
        for (let digit = 1; digit <= 4; digit += 1) if (!isHexDigit(bytes[at + digit])) return -1;
        at += 4;
      } else if (!ESCAPED.has(bytes[at])) {
        return -1;
      }
    }
  }
  return -1;
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 */
function endOfNumber(bytes, at) {
  if (bytes[at] === 0x2d) at += 1;
  at = bytes[at] === ZERO ? at + 1 : endOfDigits(bytes, at);
  if (at === -1) return -1;
  if (bytes[at] === 0x2e) {
    at = endOfDigits(bytes, at + 1);
    if (at === -1) return -1;
  }
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    at += 1;
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at += 1;
    at = endOfDigits(bytes, at);
  }
  return at;
}

/**
 * @param {Buffer} bytes
 * @param {number} start
 */
function endOfDigits(bytes, start) {
  let at = start;
  while (at < bytes.length && isDigit(bytes[at])) at += 1;
  return at === start ? -1 : at;
}

/** @param {number} byte */
function isNumberStart(byte) {
  return byte === 0x2d || isDigit(byte);
}

/** @param {number} byte */
function isDigit(byte) {
  return byte >= ZERO && byte <= 0x39;
}

/** @param {number} byte */
function isHexDigit(byte) {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}
