// Sessions and their codes: who may join what, and until when. No I/O: hosts and viewers may be of any type, and tests
// replace the clock and the generator of codes.

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
 * @property {number} expiresAt milliseconds since the Unix epoch; irrelevant while there is a viewer
 * @property {{ code: string, until: number }[]} retired expired codes of this host, oldest first
 */

/**
 * @template Host, Viewer
 */
export class Sessions {
  /**
   * Every code in use, live or expired; none of them is assigned again (PAIR-13).
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

  /** How many codes are in use. */
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
   * Assigns a new code if the present one has expired.
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
    // The viewer is checked before the expiry: a code in use does not expire (PAIR-22, PAIR-33).
    if (session.viewer !== null) return { error: 'ALREADY_JOINED' };
    if (this.#hasExpired(session)) return { error: 'EXPIRED_CODE' };
    session.viewer = viewer;
    return { session };
  }

  /**
   * The viewer has left: the lifetime of the code restarts (PAIR-34).
   * @param {Session<Host, Viewer>} session
   */
  leave(session) {
    session.viewer = null;
    session.expiresAt = this.#now() + this.#codeLifetime;
  }

  /**
   * The host is lost: all its codes become unknown (PAIR-71).
   * @param {Session<Host, Viewer>} session
   * @returns {Viewer | null} the viewer that remains
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
   * Compares with exactly the number that the host received; a timer would be late or early.
   * @param {Session<Host, Viewer>} session
   */
  #hasExpired(session) {
    return session.viewer === null && this.#now() >= session.expiresAt;
  }

  /**
   * Called upon renewal, the only time that retired codes are added. The current code stays as long as its host, however
   * long ago it expired.
   * @param {Session<Host, Viewer>} session
   * @param {number} now
   */
  #dropRetired(session, now) {
    while (session.retired.length > 0 && session.retired[0].until < now) {
      this.#byCode.delete(/** @type {{ code: string }} */ (session.retired.shift()).code);
    }
  }
}
