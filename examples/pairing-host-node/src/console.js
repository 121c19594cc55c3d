// A user at a terminal: what viewers send goes to standard output, everything else to standard error.

/** @implements {User} @typedef {import('./host.js').User} User */
export class Console {
  connected() {}

  disconnected() {
    notice('disconnected');
  }

  /**
   * @param {string} code
   * @param {number} expiresAt
   */
  registered(code, expiresAt) {
    notice(`code ${code} (valid until ${new Date(expiresAt).toLocaleTimeString()})`);
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
    notice(`error ${code}: ${message}`);
  }

  /**
   * @param {number} seconds
   * @param {string} why
   */
  waiting(seconds, why) {
    notice(`${why}; next attempt in ${seconds.toFixed(1)} s`);
  }

  gaveUp() {
    notice('giving up');
  }
}

/** @param {string} line */
function notice(line) {
  process.stderr.write(`${line}\n`);
}
