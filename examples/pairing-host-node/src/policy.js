// When a host reconnects, and when it gives up. No timers.

// No delay, jitter included, is longer than this many seconds (RECON-07).
const LONGEST_DELAY = 450;

/**
 * All times in seconds; an infinite `max_attempts` means that the host never gives up.
 * @typedef {{ base: number, factor: number, cap: number, jitter: number, max_attempts: number }} Policy
 */

/**
 * The policy `relay` of the specification, with jitter: the many hosts of one relay should not all reconnect at the same moment.
 * @type {Policy}
 */
export const DEFAULT_POLICY = { base: 1, factor: 2, cap: 32, jitter: 0.3, max_attempts: Infinity };

/**
 * Reads a policy from its JSON form. Throws an error that names the invalid member.
 * @param {any} value
 * @returns {Policy}
 */
export function parsePolicy(value) {
  const { base, factor, cap, jitter = 0, max_attempts, ...others } = Object(value);
  const policy = { base, factor, cap, jitter, max_attempts: max_attempts ?? Infinity };
  const [unknown] = Object.keys(others);
  demand(unknown === undefined, `unknown member \`${unknown}\``);
  for (const [name, member] of Object.entries(policy)) demand(typeof member === 'number', `\`${name}\` must be a number`);
  demand(base > 0, '`base` must be more than 0');
  demand(factor >= 1, '`factor` must be at least 1');
  demand(cap >= base, '`cap` must be at least `base`');
  demand(jitter >= 0 && jitter <= 0.5, '`jitter` must be between 0 and 0.5');
  const { max_attempts: most } = policy;
  demand(most === Infinity || (Number.isInteger(most) && most > 0), '`max_attempts` must be a whole number, 1 or more');
  demand(longestDelay(policy) <= LONGEST_DELAY, `\`cap\` and \`jitter\` allow delays of more than ${LONGEST_DELAY} s`);
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
  // The last of k attempts is number k - 1. It has to be finite: 1 ** Infinity is NaN.
  const last = Math.min(policy.max_attempts - 1, Number.MAX_SAFE_INTEGER);
  return nominalDelay(policy, last) * (1 + policy.jitter);
}

/** Yields the delays of a policy, and counts the attempts since the last loss and the failures in a row. */
export class Backoff {
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

  /** Restarts the sequence. Only the protocol's own success counts, not an open connection (RECON-04). */
  succeeded() {
    this.#attempt = 0;
    this.#failures = 0;
    this.#established = true;
  }

  /**
   * A connection was lost, or an attempt failed.
   * @returns {number | null} seconds until the next attempt; null if the host has to give up (RECON-09)
   */
  nextDelay() {
    if (!this.#established) this.#failures += 1;
    this.#established = false;
    if (this.#failures >= this.#policy.max_attempts) return null;
    const nominal = nominalDelay(this.#policy, this.#attempt);
    this.#attempt += 1;
    return nominal * (1 + this.#policy.jitter * (2 * this.#random() - 1));
  }
}
