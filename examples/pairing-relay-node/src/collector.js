// Settings of the garbage collector for a process through which long messages pass, hundreds of them per second, each
// leaving several strings behind. Left alone, the collector lets these grow to about a hundred mebibytes, which are no leak
// but look like one from outside (WIRE-11). Neither setting costs noticeable speed here.

import { setFlagsFromString } from 'node:v8';

export function keepGarbageSmall() {
  // Marking in the background lags behind; marking as strings are made does not.
  setFlagsFromString('--no-concurrent-marking');
  // The space for new objects stays at its first size instead of growing with the traffic.
  setFlagsFromString('--semi-space-growth-factor=1');
}
