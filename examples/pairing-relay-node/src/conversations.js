// The relay's side of the conversation with a host or a viewer, message by message.

import { dataMessage, errorMessage, joined, pong, readHostMessage, readViewerMessage, registered } from './messages.js';

/** @typedef {import('./peer.js').Peer} Peer */
/** @typedef {import('./sessions.js').Sessions<HostConversation, ViewerConversation>} Sessions */
/** @typedef {import('./sessions.js').Session<HostConversation, ViewerConversation>} Session */

// The tenth failure closes the connection (PAIR-91).
const MOST_FAILURES = 10;
const POLICY_VIOLATION = 1008;

export class HostConversation {
  #sessions;
  #session;

  /**
   * @param {Peer} peer
   * @param {Sessions} sessions
   */
  constructor(peer, sessions) {
    this.peer = peer;
    this.#sessions = sessions;
    this.#session = sessions.open(this);
    this.#announce();
  }

  /** @param {Buffer} bytes */
  text(bytes) {
    const message = readHostMessage(bytes);
    switch (message?.type) {
      case 'register':
        this.#sessions.renew(this.#session);
        this.#announce();
        break;
      case 'data':
        // Without a viewer it is dropped, not kept: the next viewer may be someone else (PAIR-43).
        this.#session.viewer?.peer.forward(dataMessage(message.payload), this.peer);
        break;
      case 'ping':
        this.peer.answer(pong(message.ts));
        break;
      default:
        this.binary();
    }
  }

  /** This protocol has no binary messages. */
  binary() {
    this.peer.answer(errorMessage('INVALID_MESSAGE'));
  }

  lost() {
    this.#sessions.close(this.#session)?.hostIsGone();
  }

  #announce() {
    this.peer.answer(registered(this.#session.code, this.#session.expiresAt));
  }
}

export class ViewerConversation {
  #sessions;
  /** @type {Session | null} */
  #session = null;
  #failures = 0;

  /**
   * @param {Peer} peer
   * @param {Sessions} sessions
   */
  constructor(peer, sessions) {
    this.peer = peer;
    this.#sessions = sessions;
  }

  /** @param {Buffer} bytes */
  text(bytes) {
    const message = readViewerMessage(bytes);
    switch (message?.type) {
      case 'join':
        this.#join(message.code);
        break;
      case 'data':
        if (this.#session === null) this.peer.answer(errorMessage('NOT_FOUND'));
        else this.#session.host.peer.forward(dataMessage(message.payload), this.peer);
        break;
      case 'ping':
        this.peer.answer(pong(message.ts));
        break;
      default:
        this.binary();
    }
  }

  /** This protocol has no binary messages. */
  binary() {
    this.peer.answer(errorMessage('INVALID_MESSAGE'));
  }

  lost() {
    if (this.#session !== null) this.#sessions.leave(this.#session);
    this.#session = null;
  }

  hostIsGone() {
    this.#session = null;
    this.peer.answer(errorMessage('MAC_DISCONNECTED'));
  }

  /** @param {string} code */
  #join(code) {
    if (this.#session !== null) {
      // Not a guess, so it does not count as one: the pairing continues whatever its viewer repeats (PAIR-23).
      this.peer.answer(errorMessage('ALREADY_JOINED'));
      return;
    }
    const result = this.#sessions.join(code, this);
    if ('session' in result) {
      this.#session = result.session;
      this.peer.answer(joined(result.session.id));
      return;
    }
    this.#failures += 1;
    this.peer.answer(errorMessage(result.error));
    if (this.#failures >= MOST_FAILURES) this.peer.end(POLICY_VIOLATION, 'Too many wrong codes');
  }
}
