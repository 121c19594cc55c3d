// The chat page in a real browser: the PIN opens it, a chat shows what other tabs send, and it reconnects to a lost server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PIN, browser, server } from "./support.js";

let chromium;
let running;

before(async () => {
  [chromium, running] = [await browser(), await server()];
});

after(async () => {
  await chromium?.close();
  await running?.stop();
});

async function inside(query = "") {
  const page = await chromium.open(running.page + query);
  await page.fill("#pin", PIN);
  await page.click("#login button");
  return page;
}

async function send(page, text) {
  await page.fill("#text", text);
  await page.click("#writing button");
}

test("a wrong PIN is refused and the right one opens the page", async () => {
  const page = await chromium.open(running.page);
  await page.fill("#pin", "999999");
  await page.click("#login button");
  await page.waitForSelector("#login:visible");
  await page.waitForFunction(() => /PIN/.test(document.querySelector("#state").textContent));
  assert.ok(await page.isHidden("#inside"));
  await page.fill("#pin", PIN);
  await page.click("#login button");
  await page.waitForSelector("[data-chat=roses]");
  assert.deepEqual(await page.locator("nav h2").allTextContents(), ["Garden", "Kitchen"]);
  await page.close();
});

test("messages of one tab reach the other once and unchanged", async () => {
  const [one, other] = [await inside(), await inside()];
  for (const page of [one, other]) await page.click("[data-chat=tulips]");
  const texts = ["hello", "<b>bold</b> & \u{1F331}", "  two  blanks"];
  for (const text of texts) await send(one, text);
  await send(other, "and back");
  const all = [...texts, "and back"].map((text) => `user: ${text}`);
  for (const page of [one, other]) {
    await page.waitForFunction((count) => document.querySelectorAll("#messages li").length >= count, all.length);
    const shown = await page.locator("#messages li").allTextContents();
    assert.deepEqual([...shown].sort(), [...all].sort());
    assert.equal(await page.locator("#messages b").count(), 0);
  }
  // A chat that is no longer shown is not updated.
  await other.click("[data-chat=soup]");
  await send(one, "unseen");
  await one.waitForSelector("text=unseen");
  assert.equal(await other.locator("text=unseen").count(), 0);
  await other.click("[data-chat=tulips]");
  await other.waitForSelector("text=unseen");
  await Promise.all([one.close(), other.close()]);
});

test("a new chat appears by itself", async () => {
  const page = await inside();
  await page.waitForSelector("[data-chat=soup]");
  const made = await fetch(`${running.control}/chats`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ projectId: "kitchen", name: "Bread" }),
  });
  assert.equal(made.status, 201);
  const { id } = await made.json();
  await page.click(`[data-chat="${id}"]`);
  await send(page, "flour");
  await page.waitForSelector("text=user: flour");
  await page.close();
});

test("the page reconnects to its server and shows its state", async () => {
  const page = await inside("?base=200&cap=1000");
  await page.click("[data-chat=roses]");
  await send(page, "before");
  await page.waitForSelector("text=user: before");
  await running.stop();
  await page.waitForFunction(() => document.querySelector("#state").textContent !== "Connected");
  running = await server(running.address.split(":")[1]);
  await page.waitForFunction(() => document.querySelector("#state").textContent === "Connected");
  // This server has no database file: its chats are new.
  await page.waitForFunction(() => document.querySelectorAll("#messages li").length === 0);
  await send(page, "after");
  await page.waitForSelector("text=user: after");
  await page.close();
});
