// A person at a terminal: what viewers send goes to standard output, everything else to standard error.

/** @implements {User} @typedef {import('./host.js').User} User */
export class Person {
  connected() {}

  disconnected() {
    note('disconnected');
  }

  /**
   * @param {string} code
   * @param {number} expiresAt
   */
  registered(code, expiresAt) {
    note(`code ${code} (to be joined by ${new Date(expiresAt).toLocaleTimeString()})`);
  }

  reconnected() {}

  /** @param {string} payload */
  data(payload) {
    process.stdout.write(payload);
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  error(code, message) {
    note(`error ${code}: ${message}`);
  }

  /**
   * @param {number} seconds
   * @param {string} why
   */
  waiting(seconds, why) {
    note(`${why}; trying again in ${seconds.toFixed(1)} s`);
  }

  gaveUp() {
    note('gave up');
  }
}

/** @param {string} line */
function note(line) {
  process.stderr.write(`${line}\n`);
}
