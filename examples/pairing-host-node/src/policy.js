// How a host comes back: the policy, and the count of what failed.

import { z } from 'zod';

// No delay, jitter included, is longer than this many seconds (RECON-07).
const LONGEST = 450;

const members = z.strictObject({
  base: z.number().positive(),
  factor: z.number().min(1),
  cap: z.number(),
  jitter: z.number().min(0).max(0.5).default(0),
  max_attempts: z.number().int().positive().nullish().transform((value) => value ?? Infinity),
});

/** @typedef {z.infer<typeof members>} Policy */

export const policySchema = members
  .refine(({ base, cap }) => cap >= base, { path: ['cap'], error: 'is less than base' })
  .refine((policy) => longestDelay(policy) <= LONGEST, { path: ['cap'], error: `allows delays of more than ${LONGEST} s` });

/**
 * The policy `relay` of the specification, with jitter: of the many hosts of one relay no two should knock together.
 * @type {Policy}
 */
export const DEFAULT_POLICY = { base: 1, factor: 2, cap: 32, jitter: 0.3, max_attempts: Infinity };

/**
 * In seconds, without jitter.
 * @param {Policy} policy
 * @param {number} attempt counted from 0, the first one after a loss
 */
export function nominalDelay({ base, factor, cap }, attempt) {
  return Math.min(base * factor ** attempt, cap);
}

/** @param {Policy} policy */
function longestDelay(policy) {
  // Of k attempts in a row the last is number k - 1; 1 ** Infinity is no number, so the number stays finite.
  const last = Math.min(policy.max_attempts - 1, Number.MAX_SAFE_INTEGER);
  return nominalDelay(policy, last) * (1 + policy.jitter);
}

/** Counts the attempts since the last loss, and those that failed in a row. */
export class ComingBack {
  #policy;
  #random;
  #attempt = 0;
  #failures = 0;
  #established = false;

  /**
   * @param {Policy} policy
   * @param {() => number} random from 0 to 1
   */
  constructor(policy, random = Math.random) {
    this.#policy = policy;
    this.#random = random;
  }

  /** An attempt reached the family's own success, and nothing less (RECON-04). */
  succeeded() {
    this.#attempt = 0;
    this.#failures = 0;
    this.#established = true;
  }

  /**
   * A connection was lost, or an attempt failed.
   * @returns {number | null} seconds until the next attempt; null when there is to be none
   */
  next() {
    if (!this.#established) this.#failures += 1;
    this.#established = false;
    if (this.#failures >= this.#policy.max_attempts) return null;
    const nominal = nominalDelay(this.#policy, this.#attempt);
    this.#attempt += 1;
    return nominal * (1 + this.#policy.jitter * (2 * this.#random() - 1));
  }
}
