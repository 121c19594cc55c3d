// The program: options, the host, signals and exit status.

import { Console } from './console.js';
import { Driver } from './driver.js';
import { Host } from './host.js';
import { lines } from './lines.js';
import { OptionError, parseOptions, USAGE } from './options.js';

const options = readOptions();
const driver = options.driver ? new Driver((text) => process.stdout.write(text)) : null;
const host = new Host(options, driver ?? new Console());

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => host.stop());
// Neither a closed output nor the end of the input is a reason to end.
process.stdout.on('error', () => {});
read().catch(() => {});

const outcome = await host.run();
process.exit(outcome === 'stopped' ? 0 : 1);

async function read() {
  for await (const line of lines(process.stdin)) {
    if (driver !== null) driver.handle(line, host);
    // Reading pauses while the relay is slow or away, so that nothing accumulates here.
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
