// Checks the TypeScript package against the golden vectors: guards accept and refuse exactly as the vectors say, and `tsc --strict` accepts
// all valid vectors and refuses those whose types are wrong.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { matches } from "../../schemas/typescript/check.js";
import { loosened } from "./loosened.js";
import { vectors } from "./vectors.js";

const PACKAGE = fileURLToPath(new URL("../../schemas/typescript", import.meta.url));
const TSC = fileURLToPath(new URL("node_modules/.bin/tsc", import.meta.url));
const FLAGS = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "--types", ""];

// Longer vectors, in characters, are not compiled.
const LONGEST = 5000;

const all = vectors();
const name = ({ family, type, id }) => `${family} ${type} ${id}`;

test("guards give the verdict of every vector", () => {
  const verdicts = all.map(({ guard, value }) => (value !== undefined && guard(value) ? "accept" : "reject"));
  assert.deepEqual(all.filter(({ verdict }, at) => verdict !== verdicts[at]).map(name), []);
});

test("tsc accepts every valid vector and refuses those whose types are wrong", async (t) => {
  const short = all.filter(({ value, text }) => value !== undefined && text.length <= LONGEST);
  const accepted = short.filter(({ verdict }) => verdict === "accept");
  const refused = short.filter(({ schema, text }) => !matches(loosened(schema), JSON.parse(text, finite)));
  assert.ok(accepted.length > 300 && refused.length > 300, `${accepted.length} and ${refused.length} vectors`);
  const lines = [...accepted.map((vector) => line(vector, "")), ...refused.map((vector) => line(vector, "// @ts-expect-error"))];
  assert.equal(await compiled(t, lines.flat()), "");
});

test("tsc refuses a value of the wrong type", async (t) => {
  const wrong = [['"joined"', "a literal"], ['{ type: "join" }', "a member"], ['{ type: "join", code: 5 }', "a type"]];
  for (const [value, what] of wrong) {
    const output = await compiled(t, [`const v = ${value} as const; const m: relayspec.pairing.ViewerToRelay = v; void m;`]);
    assert.match(output, /error TS2322/, what);
  }
  const narrow = `function f(m: relayspec.pairing.RelayToHost) { return m.type === "pong" ? m.ts : m.code; } void f;`;
  assert.match(await compiled(t, [narrow]), /error TS2339: Property 'code'/, "a union discriminated by `type`");
});

test("the package resolves by name, and the example of the guide compiles", async (t) => {
  const example = await readFile(new URL("example.ts", import.meta.url), "utf8");
  assert.equal(await compiled(t, [example]), "");
  assert.match(await compiled(t, [example.replace("message.sessionId", "message.session")]), /error TS2\d+: Property 'session'/);
});

/** Replaces numbers that no double can hold, which compilers accept as numbers. */
function finite(_, value) {
  return value === Infinity || value === -Infinity ? 0 : value;
}

/** A vector as lines of TypeScript. The variable may have unknown members, as messages may. */
function line({ family, type, id, value, text }, directive) {
  const literal = value === null ? "null" : `${text.trim()} as const`;
  return [`{ const v = ${literal}; /* ${id} */`, directive, `const m: relayspec.${family}.${type} = v; void m; }`];
}

/** The output of tsc for these lines; empty if it accepts them. */
async function compiled(t, lines) {
  const folder = await mkdtemp(join(tmpdir(), "relayspec-"));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "node_modules"));
  await symlink(PACKAGE, join(folder, "node_modules", "relayspec"));
  const file = join(folder, "vectors.mts");
  await writeFile(file, [`import * as relayspec from "relayspec";`, ...lines, ""].join("\n"));
  return new Promise((resolve, reject) => {
    execFile(TSC, [...FLAGS, file], { cwd: folder, timeout: 100_000, maxBuffer: 1 << 24 }, (error, output, diagnostics) => {
      const refused = error !== null && output.includes("error TS");
      if (error === null || refused) resolve(output.replaceAll(folder, "").slice(0, 4000));
      else reject(new Error(`tsc failed: ${error.message} ${diagnostics}`));
    });
  });
}
