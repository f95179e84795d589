import { batch, computed, signal } from '@preact/signals';
import type { Message, Session, TeamTalkClient } from '@teamtalk/client';
import { mergeMessages, type ShownMessage, shownMessage } from './content.js';
import { pageAfter, pageSize } from './history-pages.js';
import { keyOf, type SessionKey } from './session.js';
import { readUpTo } from './timeline.js';

/** How many messages of a closed conversation stay loaded. */
const keptWhenClosed = 100;
/** How many stay loaded while the newest are on the screen; trimmed when there are twice as many. */
const keptAtNewest = 500;
/** The most messages loaded while older ones are on the screen; the farthest are unloaded, and loaded again on demand. */
const maxLoaded = 1_000;

/** An end of the loaded messages. */
export type End = 'older' | 'newer';

/** The loaded messages of one conversation: a contiguous part of it. */
export class Chat {
  readonly session: Session;
  readonly key: SessionKey;
  /** Ordered by id. */
  readonly messages = signal<readonly ShownMessage[]>([]);
  readonly hasOlder = signal(true);
  /** The end at which messages are being loaded. */
  readonly loading = signal<End | undefined>(undefined);
  /** The end at which loading failed. */
  readonly failed = signal<End | undefined>(undefined);
  /** The id of the last message above the unread line; undefined: no line. */
  readonly readUpTo = signal<number | undefined>(undefined);
  readonly draft = signal('');
  /** Whether the newest messages are on the screen, not older ones. */
  isAtNewest = true;
  /** The newest known id, loaded or not. */
  readonly #newestId = signal(0);
  readonly hasNewer = computed(() => this.lastId < this.#newestId.value);
  readonly #client: TeamTalkClient;
  #isStarted = false;
  /** Unread messages of others before `#countedFrom`, while the line has no place yet; 0: it has one, or there is no line. */
  #unread = 0;
  #countedFrom = 0;

  constructor(client: TeamTalkClient, session: Session) {
    this.#client = client;
    this.session = session;
    this.key = keyOf(session);
  }

  /** The id of the newest loaded message. */
  get lastId(): number {
    return this.messages.value.at(-1)?.id ?? 0;
  }

  /** The id of the newest known message, loaded or not. */
  get newestId(): number {
    return Math.max(this.lastId, this.#newestId.value);
  }

  /** Whether loading has begun, so that new messages may be appended. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /**
   * Loads the newest page.
   * @param unread how many messages of others, up to `lastId`, the user has not seen
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
      // The page no longer fits if the messages below it were unloaded in the meantime.
      if (this.messages.value[0]?.id !== oldest.id) return;
      const all = mergeMessages(this.messages.value, page);
      this.messages.value = this.isAtNewest ? all : all.slice(0, maxLoaded);
      this.#noteOldest(page);
    });
  }

  /** Loads the page after the loaded messages. */
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

  /** Replaces older messages with the newest page, if the newest are not loaded. */
  async showNewest(): Promise<void> {
    if (this.hasNewer.value) await this.#loadNewest();
  }

  /** Appends new messages. If the newest are not loaded, it only notes the id: `loadNewer` loads them in order. */
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

  /** Called when the conversation is closed. */
  close(): void {
    this.hideLine();
    this.isAtNewest = true;
    batch(() => {
      // If only old messages are loaded, they are dropped: the conversation opens at the newest.
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
      // There may be a gap between the loaded messages and this page.
      const known = this.hasNewer.value ? [] : this.messages.value;
      this.messages.value = mergeMessages(known, page);
      this.#newestId.value = this.newestId;
      this.#noteOldest(page);
    });
  }

  /** @param begin the newest id of the page; 0: the newest of the conversation */
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

  /** @param page the page that was put above the loaded messages */
  #noteOldest(page: readonly ShownMessage[]): void {
    this.hasOlder.value = page.length > 0 && this.messages.value[0]!.id > 1;
    this.#placeLine();
  }

  /** Places the line once the messages on both sides are loaded: at the top of a page, it would move with every page. */
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
    // Counted messages may be unloaded.
    this.#unread -= uncounted.filter(({ from }) => from !== ownId).length;
    this.#countedFrom = uncounted[0]?.id ?? this.#countedFrom;
  }
}

/** A page of history, oldest message first. */
function shown(page: readonly Message[]): ShownMessage[] {
  return page.map(shownMessage).reverse();
}
