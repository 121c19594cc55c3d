// The heartbeat of one connection: sends a Ping every interval, and decides when the peer counts as dead.

import { performance } from 'node:perf_hooks';

// The first Ping is sent a little early: it is due within one interval of the opening (PAIR-80).
const FIRST = 0.95;
// A peer that sent this many bytes within the last window of so many milliseconds is in the middle of sending.
const WINDOW = 50;
const BUSY = 256 * 1024;
// How many bytes may be in front of a Pong. The buffers of the two operating systems may hold more than half of this.
const MOST_AHEAD = 64 * 1024 ** 2;

/**
 * A peer is treated fairly:
 * - Its timeout starts when the Ping has been passed to the operating system, not while the Ping is queued behind data that
 *   a slow peer is still receiving.
 * - The timeout is suspended while the relay does not read from the peer because of a slow partner: its Pong may have
 *   arrived unread.
 * - Neither applies to a peer that receives nothing of what is queued for it during the whole timeout.
 * - If the timeout expires while data keeps arriving, what is on its way is read first, within limits: the Pong may be
 *   behind it, since frames keep their order.
 */
export class Heartbeat {
  #timeout;
  #ping;
  #stalled;
  #bytesRead;
  #expire;
  /**
   * Unanswered Pings, oldest first, with the stopwatch and the bytes read when each was sent.
   * @type {{ label: string, at: number | null, bytesRead: number }[]}
   */
  #open = [];
  #count = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #beat;
  /** @type {NodeJS.Timeout | undefined} */
  #deadline;
  #stopped = false;
  // The stopwatch: it runs while the relay reads from the peer.
  #elapsed = 0;
  /** @type {number | null} */
  #runningSince = performance.now();

  /**
   * @param {object} options
   * @param {number} options.interval
   * @param {number} options.timeout
   * @param {(label: string, sent: () => void) => void} options.ping sends a Ping, and calls `sent` once it has been sent
   * @param {() => number} options.stalled for how many milliseconds something has been queued for the peer and nothing has been sent
   * @param {() => number} options.bytesRead how many bytes have been read from the peer
   * @param {() => void} options.expire called once, if the peer does not answer in time
   */
  constructor({ interval, timeout, ping, stalled, bytesRead, expire }) {
    this.#timeout = timeout;
    this.#ping = ping;
    this.#stalled = stalled;
    this.#bytesRead = bytesRead;
    this.#expire = expire;
    this.#beat = setTimeout(() => {
      this.#send();
      this.#beat = setInterval(() => this.#send(), interval);
    }, interval * FIRST);
  }

  /**
   * A Pong answers its Ping and all before it: a peer may answer only the last of several (RFC 6455, section 5.5.3). A
   * Pong that matches none of them shows that the peer is alive all the same.
   * @param {string} label
   */
  pong(label) {
    const index = this.#open.findIndex((ping) => ping.label === label);
    this.#open.splice(0, index === -1 ? this.#open.length : index + 1);
    this.#clearDeadline();
    this.#watch();
  }

  /** The relay stops reading from this peer. */
  pause() {
    this.#elapsed = this.#stopwatch();
    this.#runningSince = null;
  }

  /** The relay reads from this peer again. */
  resume() {
    this.#runningSince ??= performance.now();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#beat);
    this.#clearDeadline();
  }

  #clearDeadline() {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  #stopwatch() {
    return this.#elapsed + (this.#runningSince === null ? 0 : performance.now() - this.#runningSince);
  }

  #send() {
    this.#count += 1;
    const ping = { label: String(this.#count), at: /** @type {number | null} */ (null), bytesRead: 0 };
    this.#open.push(ping);
    this.#ping(ping.label, () => {
      ping.at = this.#stopwatch();
      ping.bytesRead = this.#bytesRead();
    });
    this.#watch();
  }

  /** Ensures that the oldest unanswered Ping has a deadline. */
  #watch() {
    if (this.#stopped || this.#open.length === 0 || this.#deadline !== undefined) return;
    this.#wait(this.#remaining());
  }

  /** @param {number} time */
  #wait(time) {
    const window = Math.min(WINDOW, Math.max(time, 0));
    this.#deadline = setTimeout(() => {
      const before = this.#bytesRead();
      const deadline = setTimeout(() => {
        // Between a timer and an immediate, Node reads what arrived while the process was busy.
        setImmediate(() => {
          if (this.#deadline === deadline) this.#decide(this.#bytesRead() - before >= BUSY);
        });
      }, window);
      this.#deadline = deadline;
    }, time - window);
  }

  /** The time left for the oldest unanswered Ping; the whole timeout while it is queued. */
  #remaining() {
    const { at } = this.#open[0];
    return at === null ? this.#timeout : at + this.#timeout - this.#stopwatch();
  }

  /** @param {boolean} isSending */
  #decide(isSending) {
    const [ping] = this.#open;
    const remaining = this.#remaining();
    if (ping.at === null || this.#runningSince === null) {
      const left = this.#timeout - this.#stalled();
      if (left > 0) this.#wait(left);
      else this.#giveUp();
    } else if (remaining > 0) {
      this.#wait(remaining);
    } else if (isSending && this.#bytesRead() - ping.bytesRead < MOST_AHEAD) {
      this.#wait(WINDOW);
    } else {
      this.#giveUp();
    }
  }

  #giveUp() {
    this.stop();
    this.#expire();
  }
}
