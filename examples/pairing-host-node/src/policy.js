// How a host comes back: the policy, and the count of what failed.

// No delay, jitter included, is longer than this many seconds (RECON-07).
const LONGEST = 450;

/**
 * All times in seconds; `max_attempts` is infinite for a host that never gives up.
 * @typedef {{ base: number, factor: number, cap: number, jitter: number, max_attempts: number }} Policy
 */

/**
 * The policy `relay` of the specification, with jitter: of the many hosts of one relay no two should knock together.
 * @type {Policy}
 */
export const DEFAULT_POLICY = { base: 1, factor: 2, cap: 32, jitter: 0.3, max_attempts: Infinity };

/**
 * Reads a policy as JSON has it. What it throws begins with the member that is wrong.
 * @param {any} value
 * @returns {Policy}
 */
export function parsePolicy(value) {
  const { base, factor, cap, jitter = 0, max_attempts, ...others } = Object(value);
  const policy = { base, factor, cap, jitter, max_attempts: max_attempts ?? Infinity };
  const [unknown] = Object.keys(others);
  demand(unknown === undefined, `${unknown}: no policy has such a member`);
  for (const [name, member] of Object.entries(policy)) demand(typeof member === 'number', `${name}: a number is needed`);
  demand(base > 0, 'base: it is more than 0');
  demand(factor >= 1, 'factor: it is at least 1');
  demand(cap >= base, 'cap: it is at least `base`');
  demand(jitter >= 0 && jitter <= 0.5, 'jitter: it lies between 0 and 0.5');
  const { max_attempts: most } = policy;
  demand(most === Infinity || (Number.isInteger(most) && most > 0), 'max_attempts: a whole number from 1 is needed');
  demand(longestDelay(policy) <= LONGEST, `cap: it allows delays of more than ${LONGEST} s`);
  return policy;
}

/**
 * @param {boolean} holds
 * @param {string} message
 */
function demand(holds, message) {
  if (!holds) throw new Error(message);
}

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
