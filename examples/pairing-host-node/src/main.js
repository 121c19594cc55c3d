// The program: options in, a running host out, and an orderly end on SIGTERM and SIGINT.

import { Driver } from './driver.js';
import { Host } from './host.js';
import { lines } from './lines.js';
import { OptionError, parseOptions, USAGE } from './options.js';
import { Person } from './person.js';

const options = readOptions();
const driver = options.driver ? new Driver((text) => process.stdout.write(text)) : null;
const host = new Host(options, driver ?? new Person());

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => host.stop());
// Nobody may listen any more; that is no reason to end (and neither is the end of standard input).
process.stdout.on('error', () => {});
listen().catch(() => {});

const outcome = await host.run();
process.exit(outcome === 'stopped' ? 0 : 1);

async function listen() {
  for await (const line of lines(process.stdin)) {
    if (driver !== null) driver.take(line, host);
    // Whoever types or pipes faster than the relay takes it, or while it is away, waits: nothing piles up here.
    else await host.send(line);
  }
}

function readOptions() {
  try {
    const parsed = parseOptions(process.argv.slice(2), process.env);
    if (parsed !== null) return parsed;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    console.error(`error: ${error.message} (--help lists the options)`);
    process.exit(2);
  }
}
