// Bounds what may wait in memory for one peer. A sender that exceeds the bound is paused until there is room again.

/**
 * @typedef {object} Sender
 * @property {(budget: Budget) => void} pauseFor
 * @property {(budget: Budget) => void} resumeFor
 */

// A queued message takes more memory than its bytes, for objects of the library and of Node. Without this, a million empty
// messages would count for nothing and take hundreds of mebibytes.
const OVERHEAD = 512;

export class Budget {
  #bound;
  #used = 0;
  /** @type {Set<Sender>} */
  #waiting = new Set();

  /** @param {number} bound in bytes */
  constructor(bound) {
    this.#bound = bound;
  }

  /**
   * Reserves memory for a message. The message itself always goes through; only what its sender sends next has to wait.
   * @param {number} length of the message in bytes
   * @param {Sender} sender
   * @returns {() => void} releases the memory
   */
  take(length, sender) {
    const cost = length + OVERHEAD;
    this.#used += cost;
    if (this.#used > this.#bound) {
      this.#waiting.add(sender);
      sender.pauseFor(this);
    }
    return () => {
      this.#used -= cost;
      // At half the bound, so that a sender is not paused and resumed for every message.
      if (this.#used <= this.#bound / 2) this.release();
    };
  }

  /** Resumes all senders. */
  release() {
    for (const sender of this.#waiting) sender.resumeFor(this);
    this.#waiting.clear();
  }
}
