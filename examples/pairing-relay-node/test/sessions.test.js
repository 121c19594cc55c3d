// The rules of codes and sessions, with a clock and codes chosen by each test.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALPHABET, drawCode } from '../src/codes.js';
import { Sessions } from '../src/sessions.js';

const START = 1_760_000_000_000;

/** @param {string[]} codes to be drawn, in this order */
function setUp(...codes) {
  const clock = { now: START };
  const draw = () => codes.shift() ?? drawCode();
  const sessions = /** @type {Sessions<string, string>} */ (
    new Sessions({ codeLifetime: 1000, codeRetention: 500, now: () => clock.now, draw })
  );
  return { sessions, clock };
}

test('drawn codes use the whole alphabet and nothing else', () => {
  const used = new Set();
  for (let i = 0; i < 1000; i += 1) {
    const code = drawCode();
    assert.match(code, /^[346789ABCDEFGHJKLMNPQRTUVWXY]{6}$/);
    for (const character of code) used.add(character);
  }
  assert.equal(used.size, ALPHABET.length);
});

test('a code can be joined until the millisecond of its expiry', () => {
  const { sessions, clock } = setUp();
  const early = sessions.open('early');
  const late = sessions.open('late');
  assert.equal(early.expiresAt, START + 1000);
  clock.now = START + 999;
  assert.deepEqual(sessions.join(early.code, 'viewer'), { session: early });
  clock.now = START + 1000;
  assert.deepEqual(sessions.join(late.code, 'viewer'), { error: 'EXPIRED_CODE' });
});

test('an expired code stays expired as long as its host is connected, then becomes unknown', () => {
  const { sessions, clock } = setUp();
  const session = sessions.open('host');
  clock.now += 1_000_000;
  assert.deepEqual(sessions.join(session.code, 'viewer'), { error: 'EXPIRED_CODE' });
  assert.equal(sessions.close(session), null);
  assert.deepEqual(sessions.join(session.code, 'viewer'), { error: 'INVALID_CODE' });
});

test('a code in use does not expire, and its lifetime restarts when its viewer leaves', () => {
  const { sessions, clock } = setUp();
  const session = sessions.open('host');
  sessions.join(session.code, 'first');
  clock.now += 1_000_000;
  assert.deepEqual(sessions.join(session.code, 'second'), { error: 'ALREADY_JOINED' });
  sessions.leave(session);
  clock.now += 999;
  assert.deepEqual(sessions.join(session.code, 'second'), { session });
  sessions.leave(session);
  clock.now += 1000;
  assert.deepEqual(sessions.join(session.code, 'third'), { error: 'EXPIRED_CODE' });
});

test('renewal replaces only an expired code, which stays expired', () => {
  const { sessions, clock } = setUp('AAAAAA', 'BBBBBB');
  const session = sessions.open('host');
  sessions.renew(session);
  assert.equal(session.code, 'AAAAAA');
  clock.now += 1000;
  sessions.renew(session);
  assert.equal(session.code, 'BBBBBB');
  assert.equal(session.expiresAt, START + 2000);
  assert.deepEqual(sessions.join('AAAAAA', 'viewer'), { error: 'EXPIRED_CODE' });
  assert.deepEqual(sessions.join('BBBBBB', 'viewer'), { session });
  sessions.close(session);
  assert.deepEqual(sessions.join('AAAAAA', 'viewer'), { error: 'INVALID_CODE' });
});

test('endless renewals do not fill the memory', () => {
  const { sessions, clock } = setUp();
  const session = sessions.open('host');
  for (let i = 0; i < 1000; i += 1) {
    clock.now += 1000;
    sessions.renew(session);
  }
  assert.ok(sessions.size <= 3, `${sessions.size} codes are kept`);
  sessions.close(session);
  assert.equal(sessions.size, 0);
});

test('does not assign a code in use, live or expired, again', () => {
  const { sessions, clock } = setUp('AAAAAA', 'AAAAAA', 'BBBBBB', 'AAAAAA', 'BBBBBB', 'CCCCCC');
  const first = sessions.open('first');
  assert.equal(sessions.open('second').code, 'BBBBBB');
  clock.now += 1000;
  sessions.renew(first);
  assert.equal(first.code, 'CCCCCC');
});
