import { Queue } from './queue.js';
import type { Simulation } from './simulation.js';

interface Work {
  cost: number;
  done: () => void;
}

/** A machine. Its cores are given to the processes that have work, in the order in which they became ready. */
export class Host {
  readonly sim: Simulation;
  readonly cores: number;
  /** microseconds for which a process keeps its core while others wait */
  readonly slice: number;
  /** core-microseconds used so far */
  used = 0;
  #running = 0;
  readonly #ready = new Queue<() => void>();

  /** @param slice Infinity: a process keeps its core until its work is done */
  constructor(sim: Simulation, cores: number, slice = Number.POSITIVE_INFINITY) {
    this.sim = sim;
    this.cores = cores;
    this.slice = slice;
  }

  /** Whether a process is waiting for a core. */
  get wanted(): boolean {
    return this.#ready.size > 0;
  }

  acquire(run: () => void): void {
    if (this.#running < this.cores) {
      this.#running++;
      run();
    } else this.#ready.push(run);
  }

  release(): void {
    const next = this.#ready.shift();
    if (next) next();
    else this.#running--;
  }
}

/** A single-threaded process: while it has a core, it does its work in order of arrival. */
export class Process {
  readonly #host: Host;
  readonly #work = new Queue<Work>();
  #active = false;
  #sliceEnds = 0;
  /** microseconds of CPU used so far */
  used = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Queues work. `done` is called when it is finished, and may queue more. */
  do(cost: number, done: () => void): void {
    this.#work.push({ cost, done });
    if (this.#active) return;
    this.#active = true;
    this.#host.acquire(this.#begin);
  }

  readonly #begin = (): void => {
    this.#sliceEnds = this.#host.sim.now + this.#host.slice;
    this.#next();
  };

  #next(): void {
    const work = this.#work.shift();
    if (!work) {
      this.#active = false;
      this.#host.release();
      return;
    }
    this.#host.sim.after(work.cost, () => {
      this.used += work.cost;
      this.#host.used += work.cost;
      work.done();
      if (this.#work.size > 0 && this.#host.wanted && this.#host.sim.now >= this.#sliceEnds) {
        // Queues behind the processes that are ready.
        this.#host.acquire(this.#begin);
        this.#host.release();
      } else this.#next();
    });
  }
}

/** A disk that flushes: everything that arrives during a flush is written together by the next one. */
export class Disk {
  readonly #sim: Simulation;
  readonly #flush: () => number;
  #waiting: (() => void)[] = [];
  #busy = false;
  used = 0;

  /** @param flush returns how long the next flush takes */
  constructor(sim: Simulation, flush: () => number) {
    this.#sim = sim;
    this.#flush = flush;
  }

  sync(done: () => void): void {
    this.#waiting.push(done);
    if (!this.#busy) this.#begin();
  }

  #begin(): void {
    this.#busy = true;
    const flushed = this.#waiting;
    this.#waiting = [];
    const takes = this.#flush();
    this.#sim.after(takes, () => {
      this.used += takes;
      this.#busy = false;
      for (const done of flushed) done();
      if (!this.#busy && this.#waiting.length > 0) this.#begin();
    });
  }
}
