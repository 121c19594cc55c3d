// Sessions and their codes: who may join what, and until when. Pure logic: hosts and viewers are whatever the caller
// makes of them, and the clock and the drawing of codes can be replaced in tests.

import { randomUUID } from 'node:crypto';
import { drawCode } from './codes.js';

/**
 * The session of one host, from its connection to its loss.
 * @template Host, Viewer
 * @typedef {object} Session
 * @property {string} id
 * @property {Host} host
 * @property {Viewer | null} viewer
 * @property {string} code
 * @property {number} expiresAt milliseconds since the Unix epoch; means nothing while there is a viewer
 * @property {{ code: string, until: number }[]} retired expired codes of this host, oldest first
 */

/**
 * @template Host, Viewer
 */
export class Sessions {
  /**
   * Every code that is taken, live or expired: a code in here is not handed out again (PAIR-13).
   * @type {Map<string, Session<Host, Viewer>>}
   */
  #byCode = new Map();
  #codeLifetime;
  #codeRetention;
  #now;
  #draw;

  /**
   * @param {{ codeLifetime: number, codeRetention: number, now?: () => number, draw?: () => string }} options
   */
  constructor({ codeLifetime, codeRetention, now = Date.now, draw = drawCode }) {
    this.#codeLifetime = codeLifetime;
    this.#codeRetention = codeRetention;
    this.#now = now;
    this.#draw = draw;
  }

  /** How many codes are taken. */
  get size() {
    return this.#byCode.size;
  }

  /**
   * A host has connected.
   * @param {Host} host
   * @returns {Session<Host, Viewer>}
   */
  open(host) {
    /** @type {Session<Host, Viewer>} */
    const session = { id: randomUUID(), host, viewer: null, code: '', expiresAt: 0, retired: [] };
    this.#assignCode(session);
    return session;
  }

  /**
   * Gives the session a fresh code if its own has expired, and changes nothing otherwise.
   * @param {Session<Host, Viewer>} session
   */
  renew(session) {
    if (!this.#hasExpired(session)) return;
    this.#dropRetired(session, this.#now());
    session.retired.push({ code: session.code, until: session.expiresAt + this.#codeRetention });
    this.#assignCode(session);
  }

  /**
   * @param {string} code
   * @param {Viewer} viewer
   * @returns {{ session: Session<Host, Viewer> } | { error: 'INVALID_CODE' | 'EXPIRED_CODE' | 'ALREADY_JOINED' }}
   */
  join(code, viewer) {
    const session = this.#byCode.get(code);
    if (session === undefined) return { error: 'INVALID_CODE' };
    if (session.code !== code) return { error: 'EXPIRED_CODE' };
    // The viewer comes before the expiry: a code that is held does not expire (PAIR-22, PAIR-33).
    if (session.viewer !== null) return { error: 'ALREADY_JOINED' };
    if (this.#hasExpired(session)) return { error: 'EXPIRED_CODE' };
    session.viewer = viewer;
    return { session };
  }

  /**
   * The viewer has left: its code lives anew from this moment (PAIR-34).
   * @param {Session<Host, Viewer>} session
   */
  leave(session) {
    session.viewer = null;
    session.expiresAt = this.#now() + this.#codeLifetime;
  }

  /**
   * The host is lost, and all codes that it ever had are unknown from now on (PAIR-71).
   * @param {Session<Host, Viewer>} session
   * @returns {Viewer | null} who was left behind
   */
  close(session) {
    const { viewer } = session;
    session.viewer = null;
    this.#byCode.delete(session.code);
    this.#dropRetired(session, Infinity);
    return viewer;
  }

  /** @param {Session<Host, Viewer>} session */
  #assignCode(session) {
    do session.code = this.#draw();
    while (this.#byCode.has(session.code));
    session.expiresAt = this.#now() + this.#codeLifetime;
    this.#byCode.set(session.code, session);
  }

  /**
   * Compared with the very number that the host was told, at the moment of the question: a timer would be late or early.
   * @param {Session<Host, Viewer>} session
   */
  #hasExpired(session) {
    return session.viewer === null && this.#now() >= session.expiresAt;
  }

  /**
   * Only a renewal adds to the retired codes, so a renewal is often enough to look what may go. The current code of a
   * host stays for as long as the host, however long ago it expired.
   * @param {Session<Host, Viewer>} session
   * @param {number} now
   */
  #dropRetired(session, now) {
    while (session.retired.length > 0 && session.retired[0].until < now) {
      this.#byCode.delete(/** @type {{ code: string }} */ (session.retired.shift()).code);
    }
  }
}
