// The command line, and what the conformance runner passes in the environment.

import { parseArgs } from 'node:util';
import { DEFAULT_POLICY, parsePolicy } from './policy.js';

export const USAGE = `usage: node src/main.js --url ws://HOST:PORT/mac [options]

  --url URL           the relay's address for hosts (default: $CONFORMANCE_URL)
  --max-attempts N    give up after N failed attempts in a row (default: never)
  --driver            speak the driver protocol (default: if $CONFORMANCE_PARAMS is set)
  --help              print this text

Lines of standard input go to the viewer; what the viewer sends goes to standard output. Ctrl-C ends the host.`;

/** An invalid command line or environment; the message is one line. */
export class OptionError extends Error {}

/** In seconds, with the defaults of the specification. */
const DEFAULT_TIMING = { connect_timeout: 10, notify_deadline: 1, heartbeat_interval: 30, heartbeat_timeout: 10 };
const LONGEST_ATTEMPT = 30;

/**
 * @param {string[]} args without the names of node and of the script
 * @param {NodeJS.ProcessEnv} environment
 */
export function parseOptions(args, environment) {
  const given = split(args);
  if (given.help) return null;
  const { timing, policy } = params(environment.CONFORMANCE_PARAMS ?? '{}');
  return {
    url: address(given.url ?? environment.CONFORMANCE_URL),
    driver: given.driver === true || environment.CONFORMANCE_PARAMS !== undefined,
    timing,
    policy: given['max-attempts'] === undefined ? policy : { ...policy, max_attempts: count(given['max-attempts']) },
  };
}

/** @param {string[]} args */
function split(args) {
  try {
    return parseArgs({
      args,
      options: {
        url: { type: 'string' },
        'max-attempts': { type: 'string' },
        driver: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    // Some messages have several lines; the first says what is wrong.
    throw new OptionError(/** @type {Error} */ (error).message.split('\n')[0]);
  }
}

/** @param {string | undefined} text */
function address(text) {
  if (text === undefined) throw new OptionError('--url is required: the address of a relay, such as ws://127.0.0.1:8080/mac');
  if (!URL.canParse(text) || !/^wss?:/.test(text)) throw new OptionError(`--url: invalid address ${JSON.stringify(text)}: expected ws:// or wss://`);
  return text;
}

/** @param {string} text */
function count(text) {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new OptionError(`--max-attempts: invalid number ${JSON.stringify(text)}: expected 1 or more`);
  return Number(text);
}

/**
 * A member that is null counts as absent; those that do not concern a host are ignored.
 * @param {string} text
 */
function params(text) {
  try {
    const value = JSON.parse(text);
    if (Object(value) !== value || Array.isArray(value)) throw new Error('not a JSON object');
    const timing = { ...DEFAULT_TIMING };
    for (const name of /** @type {(keyof typeof timing)[]} */ (Object.keys(timing))) {
      timing[name] = value[name] ?? timing[name];
      if (typeof timing[name] !== 'number' || timing[name] <= 0) throw new Error(`\`${name}\`: expected a number of seconds, more than 0`);
    }
    if (timing.connect_timeout > LONGEST_ATTEMPT) throw new Error(`\`connect_timeout\`: expected at most ${LONGEST_ATTEMPT} seconds`);
    const policy = value.reconnect == null ? DEFAULT_POLICY : parsePolicy(value.reconnect);
    return { timing, policy };
  } catch (error) {
    throw new OptionError(`CONFORMANCE_PARAMS: ${/** @type {Error} */ (error).message}`);
  }
}
