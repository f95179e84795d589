import { type Bus, fileServerAddresses, type Registry, teamtalk, topics } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { every, type Kit } from '@teamtalk/service-kit';
import type { FileServerMetrics } from '../metrics.js';
import type { TaskStore } from './task-store.js';

const { PC } = teamtalk.bus.ClientClass;
const { FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;

/** Maximum number of files announced per query. */
const batch = 100;

export interface AnnouncementsOptions {
  bus: Bus;
  tasks: Pick<TaskStore, 'toAnnounce' | 'announced'>;
  fileServers: Registry;
  metrics: Pick<FileServerMetrics, 'announced' | 'announcementsFailed'>;
  /** interval between two checks, milliseconds */
  everyMs: number;
}

/**
 * Sends receivers a 0x0508 for complete uploads that nobody has announced: the sender's 0x050b came before the end
 * (Windows), or not at all, or the process that was to announce it died (client-behaviour.md#offline-uploads). Every
 * file_server checks; each file is claimed by one of them. If that one dies, another one announces the file, so that a
 * receiver may be told twice, which clients tolerate.
 */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #kit: Pick<Kit, 'log'>;
  readonly #stopChecking: () => Promise<void>;
  #running: Promise<void> | undefined;
  #pending = false;

  constructor(options: AnnouncementsOptions, kit: Pick<Kit, 'log'>) {
    this.#options = options;
    this.#kit = kit;
    this.#stopChecking = every(options.everyMs, () => this.check());
  }

  /** Checks now, because an upload is complete. Never throws. */
  check(): void {
    this.#pending = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async stop(): Promise<void> {
    void this.#stopChecking();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#pending) {
        this.#pending = false;
        if ((await this.#announceDue()) === batch) this.#pending = true;
      }
    } catch (error) {
      this.#options.metrics.announcementsFailed.inc();
      this.#kit.log.warn({ err: error }, 'announcing uploads failed');
    }
  }

  /** @returns how many uploads were due */
  async #announceDue(): Promise<number> {
    const { bus, tasks, fileServers, metrics } = this.#options;
    const due = await tasks.toAnnounce(batch);
    if (due.length === 0) return 0;
    const ipAddrList = fileServerAddresses(fileServers);
    for (const { fromUserId, toUserId, fileName, fileSize, taskId } of due) {
      const file = { fromUserId, toUserId, fileName, fileSize, taskId, ipAddrList };
      bus.publish(topics.notifyUsers, {
        userIds: [toUserId],
        pdu: encodePdu(Commands.FileNotify, { ...file, transMode: FILE_TYPE_OFFLINE, offlineReady: 1 }, 0),
        clientClass: PC,
      });
    }
    await bus.flush();
    await tasks.announced(due.map(({ taskId }) => taskId));
    metrics.announced.inc({}, due.length);
    return due.length;
  }
}
