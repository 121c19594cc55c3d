// The reader of JSON objects agrees with JSON.parse, on awkward texts and on many random ones.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { membersOf } from '../src/json.js';

const WANTED = new Set(['a', 'b']);

/** @param {string} text */
function expected(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.fromEntries(Object.entries(value).filter(([name]) => WANTED.has(name)));
}

/** @param {string} text */
function actual(text) {
  const members = membersOf(Buffer.from(text), WANTED);
  if (members === null) return null;
  return Object.fromEntries([...members].map(([name, token]) => [name, JSON.parse(token.bytes.toString())]));
}

/** @param {string} text */
function agrees(text) {
  // The order of members may differ, which deepEqual ignores.
  assert.deepEqual(actual(text), expected(text), JSON.stringify(text));
}

const SCALARS = [
  ...['0', '-0', '1', '01', '-', '1.', '.5', '1.5', '1e', '1e5', '1E+5', '1e-', '+1', '0x1', '1 2', 'NaN'],
  ...['true', 'tru', 'truex', 'false', 'null', 'nul', 'undefined', "'a'", '', ' '],
  ...['""', '"', '"\t"', '"\\t"', '"\\x"', '"\\u12"', '"\\u12g4"', '"\\uD83d\\ude00"', '"\\"', '"\\\\"', '"\u007f"', '"é漢🙂"'],
];

test('values of every kind, valid and invalid, at every depth', () => {
  for (const value of SCALARS) {
    agrees(value);
    agrees(`{"a":${value}}`);
    agrees(`{"a":[${value}]}`);
    agrees(`{"x":{"y":[1,${value}]},"b":2}`);
    agrees(` {"a" :\n${value}\r}\t`);
    agrees(`{${value}:1}`);
  }
});

test('brackets, commas and colons in the wrong place', () => {
  for (const text of [
    ...['{', '}', '{}', '{}}', '{} x', '\ufeff{}', '{,}', '{"a":1,}', '{"a"}', '{"a":}', '{"a":1 "b":2}'],
    ...['{"a":[1,]}', '{"a":[,1]}', '{"a":[}', '{"a":{]}', '{"a":{"b"}}', '{"a":{"b":1,}}', '{"a":[[],{},[{}]]}'],
    ...['{"a":1}{"b":2}', '[{"a":1}]', '{"\\u0061":1}', '{"a":1,"a":2}', '{"__proto__":{"a":1}}', '{"a":\u00a01}', '{"a":/**/1}'],
  ]) {
    agrees(text);
  }
});

test('rejects truncated texts', () => {
  const text = '{"a":{"x":[1,-2.5e+3,"\\u00e9",true,null]},"b":"\\\\"}';
  agrees(text);
  for (let end = 0; end < text.length; end += 1) agrees(text.slice(0, end));
});

test('random texts', () => {
  const pieces = [
    ...['{', '}', '[', ']', ':', ',', ' ', '"a"', '"b"', '"x"', '"\\n"', '1', '-1.5e3', 'true', 'null'],
    ...['{"a":', '[]', '{}', '"a":1', '\\', '"'],
  ];
  // With a fixed seed, so that failures can be reproduced.
  let state = 1;
  const random = (/** @type {number} */ below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
  for (let i = 0; i < 20_000; i += 1) {
    const inner = Array.from({ length: random(8) }, () => pieces[random(pieces.length)]).join('');
    agrees(random(2) === 0 ? inner : `{"a":${inner}}`);
  }
});

test('reads a million nested arrays', () => {
  const half = 1_000_000;
  assert.equal(membersOf(Buffer.from('['.repeat(half)), WANTED), null);
  assert.equal(membersOf(Buffer.from(`{"a":${'['.repeat(half)}`), WANTED), null);
  const members = membersOf(Buffer.from(`{"x":${'['.repeat(half)}${']'.repeat(half)},"b":1}`), WANTED);
  assert.deepEqual([...(members ?? new Map()).keys()], ['b']);
});
