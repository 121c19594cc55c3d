// The messages of the pairing family, as far as a host reads or writes them.

const CODE = /^[346789ABCDEFGHJKLMNPQRTUVWXY]{6}$/;

/**
 * @typedef {{ type: 'registered', code: string, expiresAt: number }
 *   | { type: 'data', payload: string }
 *   | { type: 'pong', ts: number }
 *   | { type: 'error', code: string, message: string }} RelayMessage
 */

/**
 * What makes a message of each type valid. Other members are unknown, and ignored (WIRE-02).
 * @type {Record<string, (message: any) => boolean>}
 */
const VALID = {
  registered: ({ code, expiresAt }) =>
    isString(code) && CODE.test(code) && isNumber(expiresAt) && expiresAt >= 0 && expiresAt <= Number.MAX_SAFE_INTEGER,
  data: ({ payload }) => isString(payload),
  pong: ({ ts }) => isNumber(ts),
  // A code that only a later version of the relay knows is worth reporting too.
  error: ({ code, message }) => isString(code) && isString(message) && message !== '',
};

/** @param {unknown} value */
const isString = (value) => typeof value === 'string';
/** @param {unknown} value */
const isNumber = (value) => typeof value === 'number';

/**
 * @param {string} text
 * @returns {RelayMessage | null} null when it is no message that a relay sends to a host
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
