import { randomBytes } from 'node:crypto';
import { offlineFiles, receiveFile, sendFile, TeamTalkClient } from '@teamtalk/client';
import { waitUntil } from '@teamtalk/local-stack';
import type { CallCounts } from './callers.js';

export interface FileClientOptions {
  /** base URL of a login_server */
  loginServer: string;
  names: { sender: string; receiver: string };
  password: string;
  fileBytes: number;
  everyMs: number;
  complain: (text: string) => void;
}

const tries = 5;
const againMs = 500;
const onlineMs = 60_000;

/** Two clients of the SDK: one sends offline files, the other fetches and compares them. */
export class FileClient {
  readonly name = 'file_server';
  readonly counts: CallCounts = { calls: 0, stumbled: 0, failed: 0, longestMs: 0 };
  readonly #options: FileClientOptions;
  readonly #sender: TeamTalkClient;
  readonly #receiver: TeamTalkClient;
  #running = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: FileClientOptions) {
    this.#options = options;
    const { loginServer } = options;
    this.#sender = new TeamTalkClient({ loginServer, reconnect: { firstMs: 500, maxMs: 5_000 } });
    this.#receiver = new TeamTalkClient({ loginServer, reconnect: { firstMs: 500, maxMs: 5_000 } });
  }

  async logIn(): Promise<void> {
    const { names, password } = this.#options;
    await this.#sender.login({ name: names.sender, password });
    await this.#receiver.login({ name: names.receiver, password });
  }

  start(): void {
    this.#running = true;
    this.#work = this.#run();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#work;
    await this.#sender.close();
    await this.#receiver.close();
  }

  async #run(): Promise<void> {
    while (this.#running) {
      await this.#carry(this.counts.calls++);
      await new Promise((resolve) => setTimeout(resolve, this.#options.everyMs));
    }
  }

  async #carry(k: number): Promise<void> {
    const begun = performance.now();
    const { complain } = this.#options;
    const content = randomBytes(this.#options.fileBytes);
    const file = { content, taskId: undefined as string | undefined, isThere: false };
    let why = '';
    for (let n = 0; n < tries; n++) {
      try {
        await this.#try(file);
        this.counts.longestMs = Math.max(this.counts.longestMs, performance.now() - begun);
        return;
      } catch (error) {
        why = String(error);
        if (n === 0) this.counts.stumbled++;
        complain(`file ${k}, try ${n + 1}: ${why}`);
        await new Promise((resolve) => setTimeout(resolve, againMs));
      }
    }
    this.counts.failed++;
    complain(`file ${k} was not transferred: ${why}`);
  }

  /** Continues where the last try ended. */
  async #try(file: { content: Buffer; taskId: string | undefined; isThere: boolean }): Promise<void> {
    const [sender, receiver] = [this.#sender, this.#receiver];
    const { content } = file;
    const online = () => sender.isOnline && receiver.isOnline;
    await waitUntil(online, { timeoutMs: onlineMs, what: 'both file clients online' });
    if (!file.isThere) {
      const source = {
        name: 'parcel.bin',
        size: content.length,
        read: async (offset: number, length: number) => content.subarray(offset, offset + length),
      };
      await sendFile(sender, receiver.userId, source, {
        offline: true,
        ...(file.taskId !== undefined && { resume: file.taskId }),
        onTask: ({ taskId }) => {
          file.taskId = taskId;
        },
      });
      file.isThere = true;
    }
    const offer = (await offlineFiles(receiver)).find(({ taskId }) => taskId === file.taskId);
    if (!offer) throw new Error('the file is not on the list');
    const got: Uint8Array[] = [];
    const sink = {
      offset: 0,
      write: async (data: Uint8Array) => void got.push(Buffer.from(data)),
      finish: async () => {},
    };
    await receiveFile(receiver, offer, sink);
    if (!Buffer.concat(got).equals(content)) throw new Error('the file received is not the file sent');
  }
}
