import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type FileOffer, offlineFiles, openSink, receiveFile, type TeamTalkClient } from '@teamtalk/client';
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, logIn } from '../connection.js';
import { describeFailure, Failure } from '../failure.js';
import { freePath, plainName } from '../file-names.js';
import { FileProgress } from '../file-progress.js';
import { note, print } from '../output.js';

interface ReceiveOptions extends ConnectionOptions {
  folder: string;
  once: boolean;
}

/** `teamtalk receive-files --as NAME` */
export function register(program: Command): void {
  const receive = program
    .command('receive-files')
    .description('Fetch the files that wait for a user, and those he is sent until Ctrl-C');
  // As a PC: only those are offered files.
  addConnectionOptions(receive, 'windows')
    .option('--folder <path>', 'where the files go', '.')
    .option('--once', 'end when nothing waits any more', false)
    .action(run);
}

async function run(options: ReceiveOptions): Promise<void> {
  await mkdir(options.folder, { recursive: true });
  const client = await logIn(options, { reconnect: true });
  const giveUp = new AbortController();
  const stop = () => giveUp.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    const inbox = new FileInbox(client, options.folder, giveUp.signal);
    if (!options.once) note(`waiting for files for ${options.as} (id ${client.userId}); Ctrl-C ends`);
    await inbox.run(options.once);
    if (inbox.failed > 0 && options.once) throw new Failure(`${inbox.failed} files were not received`);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    await client.close();
  }
}

/** One file after the other: those that wait, then those that are offered. */
class FileInbox {
  failed = 0;
  readonly #client: TeamTalkClient;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  readonly #waiting = new Map<string, FileOffer>();
  #wake: () => void = () => {};

  constructor(client: TeamTalkClient, folder: string, signal: AbortSignal) {
    this.#client = client;
    this.#folder = folder;
    this.#signal = signal;
    client.on('file', (offer) => this.#offer(offer));
    client.on('disconnected', ({ reconnecting }) => {
      if (!reconnecting) this.#wake();
    });
    client.on('reconnected', () => void this.#look().catch(() => {}));
    signal.addEventListener('abort', () => this.#wake());
  }

  async run(once: boolean): Promise<void> {
    await this.#look();
    while (!this.#signal.aborted) {
      const offer = this.#waiting.values().next().value;
      if (offer) await this.#receive(offer);
      else if (once || !this.#client.isConnected) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  async #look(): Promise<void> {
    for (const offer of await offlineFiles(this.#client)) this.#offer(offer);
  }

  #offer(offer: FileOffer): void {
    this.#waiting.set(offer.taskId, offer);
    this.#wake();
  }

  async #receive(offer: FileOffer): Promise<void> {
    const name = plainName(offer.name);
    // Of the task: a file that was broken off is gone on with the next time.
    const partial = path.join(this.#folder, `.${offer.taskId}.part`);
    const target = freePath(this.#folder, name, existsSync);
    const sink = await openSink(partial, target, offer.size);
    const progress = new FileProgress(name, offer.size, sink.offset);
    try {
      await receiveFile(this.#client, offer, sink, { onProgress: progress.update, signal: this.#signal });
      print(`received ${target} from user ${offer.fromUserId}: ${progress.finish()}`);
    } catch (error) {
      progress.finish();
      this.failed++;
      // Nobody offers it again.
      if (offer.online) await rm(partial, { force: true });
      note(`${name} from user ${offer.fromUserId}: ${describeFailure(error)}`);
    } finally {
      this.#waiting.delete(offer.taskId);
      await sink.close();
    }
  }
}
