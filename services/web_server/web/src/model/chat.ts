import { batch, computed, signal } from '@preact/signals';
import type { Message, Session, TeamTalkClient } from '@teamtalk/client';
import { mergeMessages, type ShownMessage, shownMessage } from './content.js';
import { pageAfter, pageSize } from './history-pages.js';
import { keyOf, type SessionKey } from './session.js';
import { readUpTo } from './timeline.js';

/** What stays of a conversation that is not on the screen. */
const keptWhenClosed = 100;
/** What stays of one whose newest messages are on the screen, once there is twice as much. */
const keptAtNewest = 500;
/** Most messages that are loaded while older ones are looked at; what is farthest from them goes, and is loaded again. */
const maxLoaded = 1_000;

/** An end of what is loaded. */
export type End = 'older' | 'newer';

/** The loaded messages of one conversation: a part of it without gaps. */
export class Chat {
  readonly session: Session;
  readonly key: SessionKey;
  /** In the order of their ids. */
  readonly messages = signal<readonly ShownMessage[]>([]);
  readonly hasOlder = signal(true);
  /** Where messages are being loaded. */
  readonly loading = signal<End | undefined>(undefined);
  /** Where they could not be. */
  readonly failed = signal<End | undefined>(undefined);
  /** Where the line above what is new goes; undefined: there is none. */
  readonly readUpTo = signal<number | undefined>(undefined);
  readonly draft = signal('');
  /** Whether the newest messages are on the screen, not older ones. */
  isAtNewest = true;
  /** The newest message that is known, loaded or not. */
  readonly #newestId = signal(0);
  readonly hasNewer = computed(() => this.lastId < this.#newestId.value);
  readonly #client: TeamTalkClient;
  #isStarted = false;
  /** Messages of others before `#countedFrom` that come after the line, which has no place yet; 0: it has one, or there is none. */
  #unread = 0;
  #countedFrom = 0;

  constructor(client: TeamTalkClient, session: Session) {
    this.#client = client;
    this.session = session;
    this.key = keyOf(session);
  }

  /** The newest loaded message. */
  get lastId(): number {
    return this.messages.value.at(-1)?.id ?? 0;
  }

  /** The newest known message, loaded or not. */
  get newestId(): number {
    return Math.max(this.lastId, this.#newestId.value);
  }

  /** Whether messages that arrive belong at the end of what is loaded. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /**
   * Loads the newest page.
   * @param unread how many messages of others the user has not seen, of those up to `lastId`
   */
  async open({ unread, lastId }: { unread: number; lastId: number }): Promise<void> {
    if (!this.#isStarted) {
      this.#isStarted = true;
      await this.#loadNewest();
      if (this.failed.value) this.#isStarted = this.messages.value.length > 0;
    }
    this.readUpTo.value = undefined;
    this.#unread = unread;
    this.#countedFrom = lastId + 1;
    this.#placeLine();
  }

  async loadOlder(): Promise<void> {
    const oldest = this.messages.value[0];
    if (this.loading.value || (oldest && !this.hasOlder.value)) return;
    this.#isStarted = true;
    if (!oldest) return this.#loadNewest();
    const fetch = () => this.#page(oldest.id - 1);
    await this.#load('older', fetch, (page) => {
      // It has no place any more when what it goes above has been let go meanwhile.
      if (this.messages.value[0]?.id !== oldest.id) return;
      const all = mergeMessages(this.messages.value, page);
      this.messages.value = this.isAtNewest ? all : all.slice(0, maxLoaded);
      this.#noteOldest(page);
    });
  }

  /** Loads the messages after those that are loaded. */
  async loadNewer(): Promise<void> {
    const { lastId, newestId } = this;
    if (this.loading.value || !this.hasNewer.value) return;
    const fetch = async () => shown(await pageAfter(this.#client, this.session, lastId, newestId));
    await this.#load('newer', fetch, (page) => {
      if (this.lastId !== lastId) return;
      if (page.length === 0) this.#newestId.value = lastId;
      this.#keepNewest(mergeMessages(this.messages.value, page), maxLoaded);
    });
  }

  /** Loads the newest messages in place of older ones. */
  async showNewest(): Promise<void> {
    if (this.hasNewer.value) await this.#loadNewest();
  }

  /** Takes what has arrived. Where the newest messages are not loaded, it is loaded later, with those before it. */
  add(messages: readonly ShownMessage[]): void {
    const all = mergeMessages(this.messages.value, messages);
    const isApart = this.hasNewer.value || (!this.isAtNewest && all.length > maxLoaded);
    batch(() => {
      this.#newestId.value = Math.max(this.newestId, all.at(-1)?.id ?? 0);
      if (isApart) return;
      if (this.isAtNewest && all.length > 2 * keptAtNewest) this.#keepNewest(all, keptAtNewest);
      else this.messages.value = all;
    });
  }

  hideLine(): void {
    this.readUpTo.value = undefined;
    this.#unread = 0;
  }

  /** It left the screen. */
  close(): void {
    this.hideLine();
    this.isAtNewest = true;
    batch(() => {
      // Of old messages alone nothing is kept: it opens at the newest.
      if (this.hasNewer.value) {
        this.messages.value = [];
        this.#isStarted = false;
      }
      this.#keepNewest(this.messages.value, keptWhenClosed);
    });
  }

  #keepNewest(messages: readonly ShownMessage[], count: number): void {
    this.messages.value = messages.slice(-count);
    if (messages.length > count) this.hasOlder.value = true;
  }

  async #loadNewest(): Promise<void> {
    const fetch = () => this.#page(0);
    await this.#load('older', fetch, (page) => {
      if (!this.#isStarted) return;
      // There may be others between those that are loaded and these.
      const known = this.hasNewer.value ? [] : this.messages.value;
      this.messages.value = mergeMessages(known, page);
      this.#newestId.value = this.newestId;
      this.#noteOldest(page);
    });
  }

  /** @param begin the newest id; 0: the newest there is */
  async #page(begin: number): Promise<ShownMessage[]> {
    return shown(await this.#client.history(this.session, { begin, count: pageSize }));
  }

  async #load(
    end: End,
    fetch: () => Promise<readonly ShownMessage[]>,
    put: (page: readonly ShownMessage[]) => void,
  ): Promise<void> {
    batch(() => {
      this.loading.value = end;
      this.failed.value = undefined;
    });
    try {
      const page = await fetch();
      batch(() => put(page));
    } catch {
      this.failed.value = end;
    } finally {
      this.loading.value = undefined;
    }
  }

  /** @param page was put above what is loaded */
  #noteOldest(page: readonly ShownMessage[]): void {
    this.hasOlder.value = page.length > 0 && this.messages.value[0]!.id > 1;
    this.#placeLine();
  }

  /** The line waits until the messages on both sides of it are loaded: above all that is loaded it would move with every page. */
  #placeLine(): void {
    if (this.#unread === 0) return;
    const uncounted = this.messages.value.filter(({ id }) => id < this.#countedFrom);
    const ownId = this.#client.userId;
    const place = readUpTo(uncounted, this.#unread, ownId) ?? (this.hasOlder.value ? undefined : 0);
    if (place !== undefined) {
      this.readUpTo.value = place;
      this.#unread = 0;
      return;
    }
    // What has been counted may be let go.
    this.#unread -= uncounted.filter(({ from }) => from !== ownId).length;
    this.#countedFrom = uncounted[0]?.id ?? this.#countedFrom;
  }
}

/** A page of history from its oldest message on. */
function shown(page: readonly Message[]): ShownMessage[] {
  return page.map(shownMessage).reverse();
}
