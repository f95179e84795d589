import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

/** Who the witnesses are, and where they connect. */
export interface WitnessData {
  /** of a msg_server */
  port: number;
  password: string;
  names: readonly [string, string];
  ids: readonly [number, number];
}

export interface WitnessState {
  problems: string[];
  sent: number;
  /** of the messages that came since the last report: from the first byte sent to the last received, milliseconds */
  times: number[];
}

/** Compiled, also when this file runs from its source. */
const program = path.resolve(import.meta.dirname, '../../dist/fuzz/witness-worker.js');

/** Two ordinary users who write to each other the whole time, and notice what they should not. */
export class Witness {
  problems: readonly string[] = [];
  sent = 0;
  readonly times: number[] = [];
  readonly #worker: Worker;

  /** @throws Error when they cannot log in */
  static async start(data: WitnessData): Promise<Witness> {
    // Without the conditions of a test, which lead to sources.
    const worker = new Worker(program, { workerData: data, execArgv: [] });
    const witness = new Witness(worker);
    await once(worker, 'message');
    return witness;
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', ({ problems, sent, times }: WitnessState) => {
      this.problems = problems;
      this.sent = sent;
      for (const time of times) this.times.push(time);
    });
    worker.on('error', (error) => {
      this.problems = [...this.problems, `witness: ${error}`];
    });
  }

  /** Has them send nothing more, and waits until all has arrived. */
  async stop(): Promise<void> {
    const last = new Promise<void>((resolve) => {
      this.#worker.once('exit', () => resolve());
      this.#worker.on('message', ({ isLast }: { isLast: boolean }) => isLast && resolve());
    });
    this.#worker.postMessage('stop');
    await last;
    await this.#worker.terminate();
  }
}
