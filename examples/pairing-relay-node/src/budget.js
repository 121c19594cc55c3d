// What may wait in memory for one peer. Whoever causes more than that is told to wait, and told when there is room again.

/**
 * @typedef {object} Payer
 * @property {(budget: Budget) => void} waitFor
 * @property {(budget: Budget) => void} goOn
 */

// A queued message costs more than its bytes: objects of the library and of Node hold it. Without this, a million empty
// messages would count for little and take hundreds of mebibytes.
const OVERHEAD = 512;

export class Budget {
  #bound;
  #used = 0;
  /** @type {Set<Payer>} */
  #waiting = new Set();

  /** @param {number} bound in bytes */
  constructor(bound) {
    this.#bound = bound;
  }

  /**
   * Takes what a message costs. The message itself always goes through; only what its sender says next has to wait.
   * @param {number} length of the message in bytes
   * @param {Payer} payer
   * @returns {() => void} gives it back
   */
  take(length, payer) {
    const cost = length + OVERHEAD;
    this.#used += cost;
    if (this.#used > this.#bound) {
      this.#waiting.add(payer);
      payer.waitFor(this);
    }
    return () => {
      this.#used -= cost;
      // Half empty, so that a sender at the bound is not stopped and started for every message.
      if (this.#used <= this.#bound / 2) this.release();
    };
  }

  /** Nobody has to wait any longer. */
  release() {
    for (const payer of this.#waiting) payer.goOn(this);
    this.#waiting.clear();
  }
}
