// The official parser accepts the AsyncAPI documents, including examples and references, and rejects invalid ones.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

import { Parser } from "@asyncapi/parser";

import { matches } from "../../schemas/typescript/check.js";

const FOLDER = new URL("../../schemas/asyncapi/", import.meta.url);

// Severities of the parser: 0 is an error, 1 a warning; 2 and 3 are advice.
const WORST_ADVICE = 2;

const parser = new Parser();

/** The errors and warnings of the parser, one line each. */
async function flaws(text) {
  const { document, diagnostics } = await parser.parse(text);
  const serious = diagnostics.filter(({ severity }) => severity < WORST_ADVICE);
  const lines = serious.map(({ message, path, range }) => `${range.start.line + 1}: ${path.join("/")}: ${message}`);
  return document === undefined && lines.length === 0 ? ["the parser returned no document"] : lines;
}

const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".yaml"));
assert.ok(names.length > 0, "no documents");

for (const name of names) {
  test(`${name} is accepted`, async () => {
    const text = await readFile(new URL(name, FOLDER), "utf8");
    assert.deepEqual(await flaws(text), []);
    const { document } = await parser.parse(text);
    for (const message of document.messages().all()) {
      assert.ok(message.examples().length > 0, `${message.id()} has no example`);
      // The parser does not check examples.
      for (const example of message.examples()) {
        assert.ok(matches(message.payload().json(), example.payload()), `${message.id()}: ${example.name()} is invalid`);
      }
      for (const [example, bytes] of Object.entries(message.json()["x-examples"] ?? {})) {
        assert.ok(typeof bytes === "object" || /^([0-9a-f]{2})+$/.test(bytes), `${example}: ${bytes} is not hexadecimal`);
      }
    }
  });
}

test("invalid documents are rejected", async () => {
  const text = await readFile(new URL("pairing.yaml", FOLDER), "utf8");
  for (const [right, wrong] of [
    ['"#/components/schemas/join"', '"#/components/schemas/none"'],
    ["action: send", "action: shout"],
    ["protocol: ws", "protocol: [ws]"],
  ]) {
    assert.ok(text.includes(right), `pairing.yaml does not contain ${right}`);
    assert.notDeepEqual(await flaws(text.replace(right, wrong)), [], wrong);
  }
});
