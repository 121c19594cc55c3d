// The program: options, the relay, signals and exit status.

import { OptionError, parseOptions, USAGE } from './options.js';
import { Relay } from './relay.js';

// A server ends within 5 s of SIGTERM (WIRE-08), whatever is still hanging.
const PATIENCE = 4500;

const options = readOptions();
const relay = new Relay(options, (line) => console.error(line));

try {
  const { host, port } = await relay.listen();
  console.log(`listening on ws://${host.includes(':') ? `[${host}]` : host}:${port}`);
} catch (error) {
  fail(explain(/** @type {NodeJS.ErrnoException} */ (error)), 1);
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  // Once: a second signal ends the process at once.
  process.once(signal, async () => {
    setTimeout(() => process.exit(0), PATIENCE).unref();
    await relay.stop();
    process.exit(0);
  });
}

function readOptions() {
  try {
    const parsed = parseOptions(process.argv.slice(2));
    if (parsed !== null) return parsed;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    fail(`${error.message} (--help lists the options)`, 2);
  }
}

/** @param {NodeJS.ErrnoException} error */
function explain(error) {
  const where = `${options.host}, port ${options.port}`;
  if (error.code === 'EADDRINUSE') return `cannot listen on ${where}: the port is in use`;
  if (error.code === 'EACCES') return `cannot listen on ${where}: not permitted`;
  return `cannot listen on ${where}: ${error.code ?? error.message}`;
}

/**
 * @param {string} line
 * @param {number} code
 * @returns {never}
 */
function fail(line, code) {
  console.error(`error: ${line}`);
  process.exit(code);
}
