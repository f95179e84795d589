import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type FileOffer, offlineFiles, openSink, receiveFile, type TeamTalkClient } from '@teamtalk/client';
import { describeFailure } from './failure.js';
import { freePath, plainName } from './file-names.js';
import { FileProgress } from './file-progress.js';
import { note, print } from './output.js';

/** One file after the other: those that wait, then those that are offered. */
export class FileInbox {
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
    // Named by the task, so that an interrupted file is resumed the next time.
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
      // An online offer is not made again.
      if (offer.online) await rm(partial, { force: true });
      note(`${name} from user ${offer.fromUserId}: ${describeFailure(error)}`);
    } finally {
      this.#waiting.delete(offer.taskId);
      await sink.close();
    }
  }
}
