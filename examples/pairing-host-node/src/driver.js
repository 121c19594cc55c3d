// The driver protocol: events out, commands in, one line of JSON each.

/** @implements {User} @typedef {import('./host.js').User} User */
export class Driver {
  #write;

  /** @param {(text: string) => void} write */
  constructor(write) {
    this.#write = write;
  }

  connected() {
    this.#event({ event: 'connected' });
  }

  disconnected() {
    this.#event({ event: 'disconnected' });
  }

  /** @param {string} code */
  registered(code) {
    this.#event({ event: 'registered', code });
  }

  reconnected() {
    this.#event({ event: 'reconnected' });
  }

  /** @param {string} payload */
  data(payload) {
    this.#event({ event: 'data', payload });
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  error(code, message) {
    this.#event({ event: 'error', code, message });
  }

  waiting() {}

  gaveUp() {
    this.#event({ event: 'gave_up' });
  }

  /**
   * Carries out a command. Never waits, so that `stop` works at any time.
   * @param {string} line
   * @param {import('./host.js').Host} host
   */
  handle(line, host) {
    if (line.trim() === '') return;
    const command = parsed(line);
    if (command?.do === 'stop') host.stop();
    else if (command?.do === 'send' && typeof command.payload === 'string') host.send(command.payload);
    else if (typeof command?.do === 'string' && command.do !== 'send') this.#event({ event: 'unsupported', do: command.do });
    else this.error('BAD_COMMAND', `not a valid command: ${line.trim().slice(0, 100)}`);
  }

  /** @param {object} event */
  #event(event) {
    this.#write(`${JSON.stringify(event)}\n`);
  }
}

/**
 * @param {string} line
 * @returns {any}
 */
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
