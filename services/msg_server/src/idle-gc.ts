import { Session } from 'node:inspector';
import { getHeapStatistics } from 'node:v8';
import type { Logger } from '@teamtalk/service-kit';

/** Milliseconds between two looks, over which it has to have been quiet. */
const checkIntervalMs = 5_000;
/** Bytes written to clients in that time, at most, when it counts as quiet: heartbeats and a message now and then. */
const quietBytes = 512 * 1024;
/** The heap has to have grown by this much since it was last given back, bytes. */
const minGrowthBytes = 24 * 1024 * 1024;

export interface IdleGcOptions {
  /** bytes written to clients so far */
  sentBytes: () => number;
  log: Logger;
  intervalMs?: number;
}

/**
 * Gives memory back when a busy time is over. A wave of logins or messages has the heap grow to several times what is
 * alive (collectSeldom), and an idle server never gets to its next collection: with twenty thousand idle connections
 * that would be more than all of them need. Collecting everything, which takes some fifty milliseconds, is done only
 * when nobody writes anything.
 */
export class IdleGc {
  readonly #options: IdleGcOptions;
  readonly #timer: NodeJS.Timeout;
  #sentBefore: number;
  #heapAfterGc = heapBytes();
  #busy = false;

  constructor(options: IdleGcOptions) {
    this.#options = options;
    this.#sentBefore = options.sentBytes();
    this.#timer = setInterval(() => void this.#check(), options.intervalMs ?? checkIntervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    const sent = this.#options.sentBytes();
    const quiet = sent - this.#sentBefore < quietBytes;
    this.#sentBefore = sent;
    if (!quiet || this.#busy || heapBytes() < this.#heapAfterGc + minGrowthBytes) return;
    this.#busy = true;
    const start = performance.now();
    // The only way to V8's collection that gives memory back; it opens no port.
    const session = new Session();
    session.connect();
    await new Promise<void>((resolve) => session.post('HeapProfiler.collectGarbage', () => resolve()));
    session.disconnect();
    this.#busy = false;
    this.#heapAfterGc = heapBytes();
    const milliseconds = Math.round(performance.now() - start);
    this.#options.log.debug({ milliseconds }, 'idle garbage collection done');
  }
}

/** Bytes the heap occupies, used or not. */
export function heapBytes(): number {
  return getHeapStatistics().total_heap_size;
}
