// The chat page as a client under test: it is attached to the runner, for the scenarios that need no driver.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PIN, browser, server, start } from "./support.js";

// A browser itself throttles repeated attempts, so scenarios that measure delays are excluded.
const SCENARIOS = ["sync/client-survives", "sync/client-wire-*"];
// Properties of browsers: messages of any size are accepted, and the end of TCP is awaited for 2 s.
const BROWSERS = ["--max-message", "4GiB", "--set", "notify_deadline=3s"];
const POLICY = "base=300ms,factor=2,cap=1200ms,jitter=0.3";

test("the page passes as a client under test", async () => {
  const [chromium, running] = [await browser(), await server()];
  const only = SCENARIOS.flatMap((scenario) => ["--only", scenario]);
  const runner = start("client", "--attach=127.0.0.1:0", "--role", "sync.client", "--reconnect", POLICY, ...BROWSERS, ...only);
  try {
    const [address] = await runner.found(/ws:\/\/127\.0\.0\.1:\d+\/sync/);
    const query = new URLSearchParams({ server: address, base: "300", cap: "1200", jitter: "0.3" });
    await chromium.open(`${running.page}?${query}#pin=${PIN}`);
    assert.equal(await runner.status(), 0, runner.lines.join("\n"));
  } finally {
    await chromium.close();
    await running.stop();
  }
});
