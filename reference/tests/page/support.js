// Shared by the tests: the program, its sync server, and a browser.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

export const PIN = "000042";

const PROGRAM = process.env.CONFORMANCE_PROGRAM ?? fileURLToPath(new URL("../../../target/release/conformance", import.meta.url));
const BROWSER = process.env.CHROMIUM ?? "/usr/bin/chromium"; // Debian's
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Otherwise timers of a hidden page are throttled to one a second.
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
];

/** Starts the program; `found(pattern)` resolves with the first match in its output. */
export function start(...words) {
  const child = spawn(PROGRAM, words, { stdio: ["ignore", "pipe", "pipe"] });
  const lines = [];
  const waiting = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      waiting.forEach((look) => look());
    });
  }
  const ended = once(child, "exit");
  const found = (pattern) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const match = lines.map((line) => line.match(pattern)).find((match) => match !== null);
        if (match === undefined) return;
        waiting.delete(look);
        resolve(match);
      };
      waiting.add(look);
      ended.then(() => reject(new Error(`it ended without ${pattern}:\n${lines.join("\n")}`)), reject);
      look();
    });
  return {
    lines,
    found,
    status: async () => (await ended)[0],
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** A sync server, with the addresses of its page and its control. */
export async function server(port = "0") {
  const running = start("reference", "sync-server", "--port", port, "--pin", PIN, "--control", "127.0.0.1:0", "--log", "off");
  const [, address] = await running.found(/^listening on ws:\/\/(.*)$/);
  const [, control] = await running.found(/at (http:\/\/.*)$/);
  return { ...running, address, page: `http://${address}/`, control };
}

/** A browser with an empty profile. */
export async function browser() {
  const folder = await mkdtemp(join(tmpdir(), "page-"));
  const context = await chromium.launchPersistentContext(folder, { executablePath: BROWSER, args: FLAGS });
  return {
    open: async (url) => {
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      await page.goto(url);
      return page;
    },
    close: async () => {
      await context.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
