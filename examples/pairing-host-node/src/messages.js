// The messages that a host reads or writes (chapter pairing).

const CODE = /^[346789ABCDEFGHJKLMNPQRTUVWXY]{6}$/;

/**
 * @typedef {{ type: 'registered', code: string, expiresAt: number }
 *   | { type: 'data', payload: string }
 *   | { type: 'pong', ts: number }
 *   | { type: 'error', code: string, message: string }} RelayMessage
 */

/**
 * Checks the members of each type of message. Unknown ones are ignored (WIRE-02).
 * @type {Record<string, (message: any) => boolean>}
 */
const VALID = {
  registered: ({ code, expiresAt }) =>
    isString(code) && CODE.test(code) && isNumber(expiresAt) && expiresAt >= 0 && expiresAt <= Number.MAX_SAFE_INTEGER,
  data: ({ payload }) => isString(payload),
  pong: ({ ts }) => isNumber(ts),
  // Codes of later versions are reported too.
  error: ({ code, message }) => isString(code) && isString(message) && message !== '',
};

/** @param {unknown} value */
const isString = (value) => typeof value === 'string';
/** @param {unknown} value */
const isNumber = (value) => typeof value === 'number';

/**
 * @param {string} text
 * @returns {RelayMessage | null} null if it is not a valid message from a relay to a host
 */
export function readMessage(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  const type = message?.type;
  return isString(type) && Object.hasOwn(VALID, type) && VALID[type](message) ? message : null;
}

/** @param {string} payload */
export function dataMessage(payload) {
  return JSON.stringify({ type: 'data', payload });
}

/** @param {number} ts */
export function pingMessage(ts) {
  return JSON.stringify({ type: 'ping', ts });
}
