import { Session } from 'node:inspector';
import { getHeapStatistics } from 'node:v8';
import { every, type Logger } from '@teamtalk/service-kit';

/** Milliseconds between two checks; the process counts as idle when it was quiet in between. */
const checkIntervalMs = 5_000;
/** Bytes written to clients between two checks below which the process counts as quiet. */
const quietBytes = 512 * 1024;
/** Bytes the heap has to have grown since the last collection. */
const minGrowthBytes = 24 * 1024 * 1024;

export interface IdleGcOptions {
  /** bytes written to clients so far */
  sentBytes: () => number;
  log: Logger;
  intervalMs?: number;
}

/**
 * Returns memory to the system after a burst of work. With relaxed garbage collection (relaxGc) the heap grows to
 * several times the live data, and an idle process does not reach its next collection. The full collection blocks the
 * event loop, so it runs only while the process is idle.
 */
export class IdleGc {
  readonly #options: IdleGcOptions;
  readonly #stopChecking: () => Promise<void>;
  #sentBefore: number;
  #heapAfterGc = heapBytes();

  constructor(options: IdleGcOptions) {
    this.#options = options;
    this.#sentBefore = options.sentBytes();
    this.#stopChecking = every(options.intervalMs ?? checkIntervalMs, () => this.#check());
  }

  stop(): void {
    void this.#stopChecking();
  }

  async #check(): Promise<void> {
    const sent = this.#options.sentBytes();
    const quiet = sent - this.#sentBefore < quietBytes;
    this.#sentBefore = sent;
    if (!quiet || heapBytes() < this.#heapAfterGc + minGrowthBytes) return;
    const start = performance.now();
    // The only API for a collection that returns memory to the system; it opens no port.
    const session = new Session();
    session.connect();
    await new Promise<void>((resolve) => session.post('HeapProfiler.collectGarbage', () => resolve()));
    session.disconnect();
    this.#heapAfterGc = heapBytes();
    const milliseconds = Math.round(performance.now() - start);
    this.#options.log.debug({ milliseconds }, 'idle garbage collection done');
  }
}

/** Size of the heap, used or not, bytes. */
export function heapBytes(): number {
  return getHeapStatistics().total_heap_size;
}
