// The golden vectors of all directions, as text messages or in their JSON form, each with the guard that judges it.

import { readdirSync, readFileSync } from "node:fs";

import * as relayspec from "../../schemas/typescript/index.js";

const SCHEMAS = new URL("../../schemas/", import.meta.url);
const FIXTURES = new URL("../../fixtures/", import.meta.url);

/** The vectors: `{ family, type, id, verdict, guard, schema, value, text }`; the value is undefined where the
 *  text is no JSON. */
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
  if (guard === undefined) throw new Error(`fixtures/${family}/${direction}.json: there is no guard is${type}`);
  const found = JSON.parse(readFileSync(url, "utf8")).map((vector) => ({ ...vector, ...said(vector) }));
  const shown = found.filter(({ value, isMessage }) => isMessage || value !== undefined);
  const schema = JSON.parse(readFileSync(new URL(`${family}/${direction}.json`, SCHEMAS), "utf8"));
  return shown.map(({ id, verdict, value, text }) => ({ family, type, id, verdict, guard, schema, value, text }));
}

/** What a vector says: the value of its text, or the message that stands for its bytes; neither for bytes alone. */
function said({ text, hex, parts, binary, message }) {
  if (binary !== undefined) return { value: expanded(message), text: JSON.stringify(expanded(message)), isMessage: false };
  const whole = text ?? (parts && joined(parts)) ?? decoded(Buffer.from(hex, "hex"));
  return { value: parsed(whole), text: whole, isMessage: true };
}

/** A message whose long strings stand as parts, with these joined. */
function expanded(value) {
  if (Array.isArray(value)) return value.map(expanded);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value.parts)) return joined(value.parts);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expanded(member)]));
}

function joined(parts) {
  return parts.map(({ text, times }) => text.repeat(times)).join("");
}

/** The text of bytes, empty where they are no UTF-8. */
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
