// The messages of the pairing family, as far as a host reads or writes them.

import { z } from 'zod';

// Members that are not named here are unknown, and ignored (WIRE-02).
const registered = z.object({
  type: z.literal('registered'),
  code: z.string().regex(/^[346789ABCDEFGHJKLMNPQRTUVWXY]{6}$/),
  expiresAt: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
});
const data = z.object({ type: z.literal('data'), payload: z.string() });
const pong = z.object({ type: z.literal('pong'), ts: z.number() });
// A code that a later version of the relay knows is worth reporting too.
const error = z.object({ type: z.literal('error'), code: z.string(), message: z.string().min(1) });

const relayMessage = z.discriminatedUnion('type', [registered, data, pong, error]);

/** @typedef {z.infer<typeof relayMessage>} RelayMessage */

/**
 * @param {string} text
 * @returns {RelayMessage | null} null when it is no message that a relay sends to a host
 */
export function readMessage(text) {
  try {
    return relayMessage.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** @param {string} payload */
export function dataMessage(payload) {
  return JSON.stringify({ type: 'data', payload });
}

/** @param {number} ts */
export function pingMessage(ts) {
  return JSON.stringify({ type: 'ping', ts });
}
