// The command line: parses and checks the options, with the defaults of the specification.

import { parseArgs } from 'node:util';

/**
 * All durations are whole milliseconds, all sizes bytes.
 * @typedef {object} Options
 * @property {string} host
 * @property {number} port
 * @property {number} codeLifetime
 * @property {number} codeRetention
 * @property {number} heartbeatInterval
 * @property {number} heartbeatTimeout
 * @property {number} maxMessage
 */

export const USAGE = `usage: node src/main.js [options]

  --port 8080               port to listen on; 0 takes any free one
  --host 127.0.0.1          address to listen on
  --code-lifetime 5m        how long a code can be joined
  --code-retention 5m       how long after that a code is still reported as expired (default: as --code-lifetime)
  --heartbeat-interval 30s  time between the Ping frames on each connection
  --heartbeat-timeout 10s   time for a peer to answer a Ping
  --max-message 2MiB        largest message accepted, at least 1MiB
  --help                    print this text

Durations are numbers with a unit: 1500ms, 1.5s, 5m, 2h. Sizes are bytes, or numbers with the unit KiB or MiB.`;

/** An invalid command line; the message is one line. */
export class OptionError extends Error {}

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2 };

// Node's timers fire at once if set for longer than this.
const LONGEST = 2 ** 31 - 1;
// Every receiver accepts 1 MiB (WIRE-07); the upper limit bounds the memory of one connection.
const SMALLEST_LIMIT = 1024 ** 2;
const LARGEST_LIMIT = 64 * 1024 ** 2;

/**
 * @param {string[]} args without the names of node and of the script
 * @returns {Options | null} null if the usage was requested
 */
export function parseOptions(args) {
  const given = split(args);
  if (given.help) return null;
  const codeLifetime = duration('code-lifetime', given['code-lifetime'] ?? '5m', 1);
  return {
    host: hostName(given.host ?? '127.0.0.1'),
    port: portNumber(given.port ?? '8080'),
    codeLifetime,
    codeRetention: duration('code-retention', given['code-retention'] ?? `${codeLifetime}ms`, 0),
    heartbeatInterval: duration('heartbeat-interval', given['heartbeat-interval'] ?? '30s', 1),
    heartbeatTimeout: duration('heartbeat-timeout', given['heartbeat-timeout'] ?? '10s', 1),
    maxMessage: size('max-message', given['max-message'] ?? '2MiB'),
  };
}

/** @param {string[]} args */
function split(args) {
  const option = /** @type {const} */ ({ type: 'string' });
  try {
    return parseArgs({
      args,
      options: {
        port: option,
        host: option,
        'code-lifetime': option,
        'code-retention': option,
        'heartbeat-interval': option,
        'heartbeat-timeout': option,
        'max-message': option,
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    // Some messages have several lines; the first says what is wrong.
    throw new OptionError(/** @type {Error} */ (error).message.split('\n')[0]);
  }
}

/** @param {string} text */
function hostName(text) {
  if (text === '') throw new OptionError('--host: expected an address, such as 127.0.0.1');
  return text;
}

/** @param {string} text */
function portNumber(text) {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65535) {
    throw new OptionError(`--port: invalid port ${JSON.stringify(text)}: expected a number from 0 to 65535`);
  }
  return port;
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} least in milliseconds
 */
function duration(name, text, least) {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (unit === undefined) {
    throw new OptionError(`--${name}: invalid duration ${JSON.stringify(text)}: expected a number and a unit, such as 1500ms, 1.5s or 5m`);
  }
  // Whole milliseconds, so that the `expiresAt` announced is exactly the one that is compared with.
  const value = Math.round(Number(number) * MILLISECONDS[/** @type {keyof typeof MILLISECONDS} */ (unit)]);
  if (value < least || value > LONGEST) {
    throw new OptionError(`--${name}: invalid duration ${text}: expected ${least}ms to ${LONGEST}ms`);
  }
  return value;
}

/**
 * @param {string} name
 * @param {string} text
 */
function size(name, text) {
  const [, number, unit = 'B'] = /^(\d+(?:\.\d+)?)(B|KiB|MiB)?$/.exec(text) ?? [];
  if (number === undefined) {
    throw new OptionError(`--${name}: invalid size ${JSON.stringify(text)}: expected bytes, or a number and a unit, such as 1024KiB or 2MiB`);
  }
  const value = Math.round(Number(number) * BYTES[/** @type {keyof typeof BYTES} */ (unit)]);
  if (value < SMALLEST_LIMIT || value > LARGEST_LIMIT) {
    throw new OptionError(`--${name}: invalid size ${text}: expected 1MiB to 64MiB`);
  }
  return value;
}
