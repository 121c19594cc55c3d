// The messages of the pairing family: what a host and a viewer may send, and how the relay writes its own.

import { z } from 'zod';
import { CODE_LENGTH } from './codes.js';
import { numeralOf } from './numeral.js';

// RFC 9562, section 4, of any version: the check that zod brings along knows only some versions.
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i);
// Characters, not UTF-16 code units. Whether they are of the alphabet is left to the look-up of the code.
const code = z.string().regex(new RegExp(`^.{${CODE_LENGTH}}$`, 'su'));
// z.number() refuses what JSON.parse makes of 1e999. It is a number all the same, and it is repeated as it was written.
const anyNumber = z.custom((value) => typeof value === 'number');

const register = z.object({ type: z.literal('register'), clientId: uuid });
const join = z.object({ type: z.literal('join'), code });
const data = z.object({ type: z.literal('data'), payload: z.string() });
const ping = z.object({ type: z.literal('ping'), ts: anyNumber });

// Objects of zod drop members that they do not know, which is what WIRE-02 asks for.
const hostMessage = z.discriminatedUnion('type', [register, data, ping]);
const viewerMessage = z.discriminatedUnion('type', [join, data, ping]);

/** @typedef {{ type: 'register', clientId: string }} Register */
/** @typedef {{ type: 'join', code: string }} Join */
/** @typedef {{ type: 'data', payload: string }} Data */
/** `ts` is the number as it was written. @typedef {{ type: 'ping', ts: string }} Ping */

/** @typedef {'INVALID_CODE' | 'EXPIRED_CODE' | 'ALREADY_JOINED' | 'NOT_FOUND' | 'MAC_DISCONNECTED' | 'INVALID_MESSAGE'} ErrorCode */

/** @type {Record<ErrorCode, string>} */
const EXPLANATIONS = {
  INVALID_CODE: 'There is no session with this code. Check it for typing errors.',
  EXPIRED_CODE: 'This code has expired. Ask for a new one.',
  ALREADY_JOINED: 'This session has been joined already.',
  NOT_FOUND: 'There is no session to carry this data. Join one first.',
  MAC_DISCONNECTED: 'The host of this session has disconnected.',
  INVALID_MESSAGE: 'This is no message that the relay takes at this endpoint.',
};

/**
 * @param {string} text
 * @returns {Register | Data | Ping | null} null when it is no message that a host may send
 */
export function readHostMessage(text) {
  return /** @type {any} */ (read(hostMessage, text));
}

/**
 * @param {string} text
 * @returns {Join | Data | Ping | null} null when it is no message that a viewer may send
 */
export function readViewerMessage(text) {
  return /** @type {any} */ (read(viewerMessage, text));
}

/**
 * @param {typeof hostMessage | typeof viewerMessage} schema
 * @param {string} text
 */
function read(schema, text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { success, data: message } = schema.safeParse(value);
  if (!success) return null;
  return message.type === 'ping' ? { type: 'ping', ts: numeralOf(text, 'ts') } : message;
}

/**
 * @param {string} code
 * @param {number} expiresAt
 */
export function registered(code, expiresAt) {
  return JSON.stringify({ type: 'registered', code, expiresAt });
}

/** @param {string} sessionId */
export function joined(sessionId) {
  return JSON.stringify({ type: 'joined', sessionId });
}

/** @param {string} payload */
export function dataMessage(payload) {
  return JSON.stringify({ type: 'data', payload });
}

/** @param {string} ts a number as it was written */
export function pong(ts) {
  return `{"type":"pong","ts":${ts}}`;
}

/** @param {ErrorCode} code */
export function errorMessage(code) {
  return JSON.stringify({ type: 'error', code, message: EXPLANATIONS[code] });
}
