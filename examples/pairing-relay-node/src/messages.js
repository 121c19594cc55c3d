// The messages of the protocol: what hosts and viewers may send, and what the relay sends (chapter pairing).

import { z } from 'zod';
import { CODE_LENGTH } from './codes.js';
import { membersOf, Token } from './json.js';

// RFC 9562, section 4, of any version; zod's own check accepts only some versions.
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i);
// Characters, not UTF-16 code units. The lookup of the code rejects those outside the alphabet.
const code = z.string().regex(new RegExp(`^.{${CODE_LENGTH}}$`, 'su'));
// These two are repeated byte for byte, so that no code point and no digit gets lost.
const stringAsWritten = z.instanceof(Token).refine((token) => token.isString);
const numberAsWritten = z.instanceof(Token).refine((token) => token.isNumber);

const register = z.object({ type: z.literal('register'), clientId: uuid });
const join = z.object({ type: z.literal('join'), code });
const data = z.object({ type: z.literal('data'), payload: stringAsWritten });
const ping = z.object({ type: z.literal('ping'), ts: numberAsWritten });

const hostMessage = z.discriminatedUnion('type', [register, data, ping]);
const viewerMessage = z.discriminatedUnion('type', [join, data, ping]);

/** @typedef {z.infer<typeof hostMessage>} HostMessage */
/** @typedef {z.infer<typeof viewerMessage>} ViewerMessage */

// Other members are ignored (WIRE-02).
const MEMBERS = new Set(['type', 'clientId', 'code', 'payload', 'ts']);
const KEPT_AS_WRITTEN = new Set(['payload', 'ts']);

const DATA = Buffer.from('{"type":"data","payload":');
const PONG = Buffer.from('{"type":"pong","ts":');
const END = Buffer.from('}');

/**
 * @typedef {'INVALID_CODE' | 'EXPIRED_CODE' | 'ALREADY_JOINED' | 'NOT_FOUND' | 'MAC_DISCONNECTED' | 'INVALID_MESSAGE'} ErrorCode
 */

/** @type {Record<ErrorCode, string>} */
const EXPLANATIONS = {
  INVALID_CODE: 'There is no session with this code. Check it for typos.',
  EXPIRED_CODE: 'This code has expired. Ask for a new one.',
  ALREADY_JOINED: 'This session has already been joined.',
  NOT_FOUND: 'There is no session to carry this data. Join one first.',
  MAC_DISCONNECTED: 'The host of this session has disconnected.',
  INVALID_MESSAGE: 'This is not a valid message at this endpoint.',
};

/**
 * @param {Buffer} bytes
 * @returns {HostMessage | null} null if it is not a message that a host may send
 */
export function readHostMessage(bytes) {
  return hostMessage.safeParse(valuesOf(bytes)).data ?? null;
}

/**
 * @param {Buffer} bytes
 * @returns {ViewerMessage | null} null if it is not a message that a viewer may send
 */
export function readViewerMessage(bytes) {
  return viewerMessage.safeParse(valuesOf(bytes)).data ?? null;
}

/** @param {Buffer} bytes */
function valuesOf(bytes) {
  const members = membersOf(bytes, MEMBERS);
  if (members === null) return null;
  /** @type {Record<string, Token | string>} */
  const values = {};
  for (const [name, token] of members) {
    // No wanted member is an object or an array, so none is ever built.
    values[name] = token.isString && !KEPT_AS_WRITTEN.has(name) ? JSON.parse(token.bytes.toString()) : token;
  }
  return values;
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

/** @param {Token} payload */
export function dataMessage(payload) {
  return Buffer.concat([DATA, payload.bytes, END]);
}

/** @param {Token} ts */
export function pong(ts) {
  return Buffer.concat([PONG, ts.bytes, END]);
}

/** @param {ErrorCode} code */
export function errorMessage(code) {
  return JSON.stringify({ type: 'error', code, message: EXPLANATIONS[code] });
}
