// The golden vectors of all directions, as text messages or in their JSON form, each with its guard.

import { readdirSync, readFileSync } from "node:fs";

import * as relayspec from "../../schemas/typescript/index.js";

const SCHEMAS = new URL("../../schemas/", import.meta.url);
const FIXTURES = new URL("../../fixtures/", import.meta.url);

/** The vectors: `{ family, type, id, verdict, guard, schema, value, text }`; the value is undefined if the text is
 *  not JSON. */
export function vectors() {
  return Object.keys(relayspec).flatMap((family) => {
    const folder = new URL(`${family}/`, FIXTURES);
    const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
    return names.flatMap((name) => ofDirection(family, name.replace(".json", ""), new URL(name, folder)));
  });
}

function ofDirection(family, direction, url) {
  const type = direction.split("-").map((word) => word[0].toUpperCase() + word.slice(1)).join("");
  const guard = relayspec[family][`is${type}`];
  if (guard === undefined) throw new Error(`fixtures/${family}/${direction}.json: missing guard is${type}`);
  const found = JSON.parse(readFileSync(url, "utf8")).map((vector) => ({ ...vector, ...content(vector) }));
  const shown = found.filter(({ value, isMessage }) => isMessage || value !== undefined);
  const schema = JSON.parse(readFileSync(new URL(`${family}/${direction}.json`, SCHEMAS), "utf8"));
  return shown.map(({ id, verdict, value, text }) => ({ family, type, id, verdict, guard, schema, value, text }));
}

/** The content of a vector: the value of its text, or the JSON form of its bytes, if any. */
function content({ text, hex, parts, binary, message }) {
  if (binary !== undefined) return { value: expanded(message), text: JSON.stringify(expanded(message)), isMessage: false };
  const whole = text ?? (parts && joined(parts)) ?? decoded(Buffer.from(hex, "hex"));
  return { value: parsed(whole), text: whole, isMessage: true };
}

/** A message whose long strings are written in parts, with the parts joined. */
function expanded(value) {
  if (Array.isArray(value)) return value.map(expanded);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value.parts)) return joined(value.parts);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expanded(member)]));
}

function joined(parts) {
  return parts.map(({ text, times }) => text.repeat(times)).join("");
}

/** Bytes as text; empty if they are not UTF-8. */
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "";
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
