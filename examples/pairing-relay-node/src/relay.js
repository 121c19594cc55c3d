// The relay as a server: accepts connections, starts the conversation for the path, and ends them all.

import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { HostConversation, ViewerConversation } from './conversations.js';
import { Peer, RelaySocket } from './peer.js';
import { Sessions } from './sessions.js';

/** @typedef {import('./options.js').Options} Options */
/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:net').Socket} Socket */

const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;
const INVALID_PATH = 4000;

// Each fragment of a message takes memory until the message is complete. This many suffice for 1 MiB in fragments of 16
// bytes.
const MOST_FRAGMENTS = 64 * 1024;
// For the request that opens a connection, in milliseconds.
const REQUEST_TIMEOUT = 10_000;
// After a restart, all hosts and viewers reconnect at once.
const BACKLOG = 4096;

export class Relay {
  #options;
  #log;
  #sessions;
  /** @type {Set<Peer>} */
  #peers = new Set();
  #stopping = false;
  #upgrader;
  #server;

  /**
   * @param {Options} options
   * @param {(line: string) => void} [log]
   */
  constructor(options, log = () => {}) {
    this.#options = options;
    this.#log = log;
    this.#sessions = /** @type {Sessions<HostConversation, ViewerConversation>} */ (new Sessions(options));
    this.#upgrader = new WebSocketServer({
      noServer: true,
      WebSocket: RelaySocket,
      clientTracking: false,
      maxPayload: options.maxMessage,
      maxFragments: MOST_FRAGMENTS,
      perMessageDeflate: false,
      // Pong frames count as answers like any other.
      autoPong: false,
    });
    this.#server = createServer(
      {
        noDelay: true,
        headersTimeout: REQUEST_TIMEOUT,
        requestTimeout: REQUEST_TIMEOUT,
        connectionsCheckingInterval: REQUEST_TIMEOUT / 2,
      },
      (_request, response) => {
        response.writeHead(426, { Connection: 'close', 'Content-Type': 'text/plain', Upgrade: 'websocket' });
        response.end('This is a WebSocket relay: connect to /mac as a host, to /browser as a viewer.\n');
      },
    );
    // Typed as any stream, since a TLS server would pass another kind.
    this.#server.on('upgrade', (request, tcp, head) => this.#upgrade(request, /** @type {Socket} */ (tcp), head));
  }

  /**
   * @returns {Promise<{ host: string, port: number }>} where it listens
   */
  listen() {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.off('error', reject);
        // One connection could not be accepted, for want of file descriptors perhaps: no reason to end all others.
        this.#server.on('error', (error) => this.#log(`cannot accept a connection: ${codeOf(error)}`));
        const address = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
        resolve({ host, port: address.port });
      });
    });
  }

  /** Stops accepting, and closes all connections; done when the last is gone, soon in any case. */
  async stop() {
    this.#stopping = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    // Those that are not WebSockets.
    this.#server.closeAllConnections();
    for (const peer of this.#peers) peer.end(GOING_AWAY, 'The relay is shutting down');
    await closed;
  }

  /**
   * @param {Request} request
   * @param {Socket} tcp
   * @param {Buffer} head
   */
  #upgrade(request, tcp, head) {
    if (this.#stopping) {
      tcp.destroy();
      return;
    }
    this.#upgrader.handleUpgrade(request, tcp, head, (ws) => {
      const peer = new Peer(ws, tcp, this.#options);
      this.#peers.add(peer);
      ws.once('close', () => this.#peers.delete(peer));
      this.#welcome(peer, pathOf(request.url ?? ''));
    });
  }

  /**
   * @param {Peer} peer
   * @param {string} path
   */
  #welcome(peer, path) {
    if (path === '/mac') this.#converse(peer, new HostConversation(peer, this.#sessions));
    else if (path === '/browser') this.#converse(peer, new ViewerConversation(peer, this.#sessions));
    else peer.end(INVALID_PATH, 'Invalid path');
  }

  /**
   * @param {Peer} peer
   * @param {HostConversation | ViewerConversation} conversation
   */
  #converse(peer, conversation) {
    peer.listen({
      text: (bytes) => this.#guard(peer, () => conversation.text(bytes)),
      binary: () => conversation.binary(),
      // When the relay stops, viewers are not also notified that their hosts are gone.
      lost: () => this.#stopping || conversation.lost(),
    });
  }

  /**
   * A bug ends one connection, not all of them. Only the name of the error is logged: its message may quote what was sent.
   * @param {Peer} peer
   * @param {() => void} action
   */
  #guard(peer, action) {
    try {
      action();
    } catch (error) {
      this.#log(`internal error: ${error instanceof Error ? error.name : typeof error}`);
      peer.end(INTERNAL_ERROR, 'Internal error');
    }
  }
}

/**
 * The path of a request target, which may have a query and, for proxies, a scheme and a host.
 * @param {string} target
 */
function pathOf(target) {
  return target.replace(/^[a-z]+:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0];
}

/** @param {Error} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code ?? error.name;
}
