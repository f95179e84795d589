import { Agent, request } from 'node:http';

/** What became of the calls of one kind. */
export interface CallCounts {
  calls: number;
  /** calls whose first try met a broken connection, an error or no answer */
  stumbled: number;
  /** calls that had no good answer after all tries */
  failed: number;
  /** longest time from the first try to the good answer, ms */
  longestMs: number;
}

export interface Call {
  method: 'GET' | 'POST';
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Buffer;
}

export interface CallerOptions {
  /** the called service, for reports */
  name: string;
  port: number;
  perSecond: number;
  /** the k-th call */
  call: (k: number) => Call;
  /** whether an answer of status 200 is a good one */
  isGood: (body: Buffer) => boolean;
  complain: (text: string) => void;
}

const answerMs = 5_000;
const tries = 5;
const againMs = 200;

/** An internal system that calls an HTTP service over keep-alive connections, and retries. */
export class Caller {
  readonly name: string;
  readonly counts: CallCounts = { calls: 0, stumbled: 0, failed: 0, longestMs: 0 };
  /** numbers of the calls that had a good answer */
  readonly done = new Set<number>();
  readonly #options: CallerOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  readonly #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CallerOptions) {
    this.name = options.name;
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      const work = this.#make(this.counts.calls++);
      this.#inFlight.add(work);
      void work.finally(() => this.#inFlight.delete(work));
    }, 1000 / this.#options.perSecond);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
    this.#agent.destroy();
  }

  async #make(k: number): Promise<void> {
    const begun = performance.now();
    const { complain, call } = this.#options;
    let why = '';
    for (let n = 0; n < tries; n++) {
      if (n > 0) await new Promise((resolve) => setTimeout(resolve, againMs * n));
      try {
        await this.#try(call(k));
        this.done.add(k);
        this.counts.longestMs = Math.max(this.counts.longestMs, performance.now() - begun);
        return;
      } catch (error) {
        why = String(error);
        if (n > 0) continue;
        this.counts.stumbled++;
        complain(`${this.name}, first try of call ${k}: ${why}`);
      }
    }
    this.counts.failed++;
    complain(`${this.name} failed, call ${k}: ${why}`);
  }

  #try({ method, path, headers, body }: Call): Promise<void> {
    const { port, isGood } = this.#options;
    return new Promise((resolve, reject) => {
      const asked = request({
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
        agent: this.#agent,
        timeout: answerMs,
      });
      asked.once('error', reject);
      asked.once('timeout', () => asked.destroy(new Error('no answer')));
      asked.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const answer = Buffer.concat(chunks);
          if (response.statusCode === 200 && isGood(answer)) resolve();
          else reject(new Error(`${response.statusCode} ${answer.toString('utf8', 0, 200)}`));
        });
      });
      asked.end(body);
    });
  }
}
