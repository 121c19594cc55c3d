// The chat page in a real browser: a PIN opens it, a chat shows what other tabs write, and a lost server is come back to.

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

async function say(page, text) {
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

test("what one tab writes comes to the other, once and as it is", async () => {
  const [one, other] = [await inside(), await inside()];
  for (const page of [one, other]) await page.click("[data-chat=tulips]");
  const texts = ["hello", "<b>bold</b> & \u{1F331}", "  two  blanks"];
  for (const text of texts) await say(one, text);
  await say(other, "and back");
  const all = [...texts, "and back"].map((text) => `user: ${text}`);
  for (const page of [one, other]) {
    await page.waitForFunction((count) => document.querySelectorAll("#messages li").length >= count, all.length);
    const shown = await page.locator("#messages li").allTextContents();
    assert.deepEqual([...shown].sort(), [...all].sort());
    assert.equal(await page.locator("#messages b").count(), 0);
  }
  // A chat that is not shown any more is not written to.
  await other.click("[data-chat=soup]");
  await say(one, "unseen");
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
  await say(page, "flour");
  await page.waitForSelector("text=user: flour");
  await page.close();
});

test("the page comes back to its server and shows what is there", async () => {
  const page = await inside("?base=200&cap=1000");
  await page.click("[data-chat=roses]");
  await say(page, "before");
  await page.waitForSelector("text=user: before");
  await running.stop();
  await page.waitForFunction(() => document.querySelector("#state").textContent !== "Connected");
  running = await server(running.address.split(":")[1]);
  await page.waitForFunction(() => document.querySelector("#state").textContent === "Connected");
  // This server had no database: its chats are new.
  await page.waitForFunction(() => document.querySelectorAll("#messages li").length === 0);
  await say(page, "after");
  await page.waitForSelector("text=user: after");
  await page.close();
});
