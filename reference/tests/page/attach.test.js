// The chat page as a sync client that the runner judges: it is attached, and plays what needs no hand inside it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PIN, browser, server, start } from "./support.js";

// A browser holds attempts back by itself when many have failed, so the scenarios that count delays are not for it.
const SCENARIOS = ["sync/client-survives", "sync/client-wire-*"];
// What a browser is like whatever its pages do: it takes messages of any size, and waits for 2 s for the end of TCP.
const BROWSERS = ["--max-message", "4GiB", "--set", "notify_deadline=3s"];
const POLICY = "base=300ms,factor=2,cap=1200ms,jitter=0.3";

test("the judge has no fault to find with the page", async () => {
  const [chromium, running] = [await browser(), await server()];
  const only = SCENARIOS.flatMap((scenario) => ["--only", scenario]);
  const judge = start("client", "--attach=127.0.0.1:0", "--role", "sync.client", "--reconnect", POLICY, ...BROWSERS, ...only);
  try {
    const [address] = await judge.found(/ws:\/\/127\.0\.0\.1:\d+\/sync/);
    const query = new URLSearchParams({ server: address, base: "300", cap: "1200", jitter: "0.3" });
    await chromium.open(`${running.page}?${query}#pin=${PIN}`);
    assert.equal(await judge.status(), 0, judge.lines.join("\n"));
  } finally {
    await chromium.close();
    await running.stop();
  }
});
