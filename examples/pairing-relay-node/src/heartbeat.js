// The heartbeat of one connection: sends a Ping each interval and says when the peer is to be taken for dead.

import { performance } from 'node:perf_hooks';

// The first Ping comes a little early, since it is due at most one interval after the opening (PAIR-80).
const FIRST = 0.95;
// A peer that brought this much during the last glance, of so many milliseconds, is in the middle of sending.
const GLANCE = 50;
const MUCH = 256 * 1024;
// What may lie between a Pong and the relay. The two operating systems alone may hold more than half of this.
const MOST_AHEAD = 64 * 1024 ** 2;

/**
 * A peer is judged fairly:
 * - Its time to answer starts when its Ping was handed to the operating system, not while the Ping waits in a queue behind
 *   data that a slow peer is still taking.
 * - Its time stands still while the relay does not read from it, as it does for the sake of a slow partner: its Pong may
 *   have arrived unread.
 * - Neither holds for a peer that takes nothing of what waits for it during the whole timeout.
 * - When its time is over while data keeps pouring in, what is on its way is read first, within limits: its Pong may lie
 *   behind it, since frames keep their order.
 */
export class Heartbeat {
  #timeout;
  #ping;
  #stalled;
  #bytesRead;
  #expire;
  /**
   * Pings without an answer, oldest first, with the reading of the stopwatch and the bytes read when the Ping was sent.
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
   * @param {(label: string, sent: () => void) => void} options.ping sends a Ping, and calls `sent` once it is on its way
   * @param {() => number} options.stalled for how many milliseconds something has waited for the peer, and nothing has left
   * @param {() => number} options.bytesRead what has been read from the peer
   * @param {() => void} options.expire called once, when the peer has not answered in time
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
   * Pong that names none of them is a sign of life all the same.
   * @param {string} label
   */
  pong(label) {
    const index = this.#open.findIndex((ping) => ping.label === label);
    this.#open.splice(0, index === -1 ? this.#open.length : index + 1);
    this.#forgetDeadline();
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
    this.#forgetDeadline();
  }

  #forgetDeadline() {
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

  /** Sees to it that the oldest open Ping has a deadline. */
  #watch() {
    if (this.#stopped || this.#open.length === 0 || this.#deadline !== undefined) return;
    this.#wait(this.#remaining());
  }

  /** @param {number} time */
  #wait(time) {
    const glance = Math.min(GLANCE, Math.max(time, 0));
    this.#deadline = setTimeout(() => {
      const before = this.#bytesRead();
      const deadline = setTimeout(() => {
        // Between a timer and an immediate Node reads what has arrived while the process was busy.
        setImmediate(() => {
          if (this.#deadline === deadline) this.#judge(this.#bytesRead() - before >= MUCH);
        });
      }, glance);
      this.#deadline = deadline;
    }, time - glance);
  }

  /** The time that the oldest open Ping has left; the whole timeout while it waits in the queue. */
  #remaining() {
    const { at } = this.#open[0];
    return at === null ? this.#timeout : at + this.#timeout - this.#stopwatch();
  }

  /** @param {boolean} isSending */
  #judge(isSending) {
    const [ping] = this.#open;
    const remaining = this.#remaining();
    if (ping.at === null || this.#runningSince === null) {
      const left = this.#timeout - this.#stalled();
      if (left > 0) this.#wait(left);
      else this.#giveUp();
    } else if (remaining > 0) {
      this.#wait(remaining);
    } else if (isSending && this.#bytesRead() - ping.bytesRead < MOST_AHEAD) {
      this.#wait(GLANCE);
    } else {
      this.#giveUp();
    }
  }

  #giveUp() {
    this.stop();
    this.#expire();
  }
}
