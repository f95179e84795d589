import { batch, signal } from '@preact/signals';
import type { Session, TeamTalkClient } from '@teamtalk/client';
import { mergeMessages, type ShownMessage, shownMessage } from './content.js';
import { keyOf, type SessionKey } from './session.js';
import { readUpTo } from './timeline.js';

const pageSize = 50;
/** What stays of a conversation that is not on the screen. */
const keptWhenClosed = 100;
/** What stays of one whose newest messages are on the screen, once there is twice as much. */
const keptAtNewest = 500;

/** The loaded messages of one conversation. */
export class Chat {
  readonly session: Session;
  readonly key: SessionKey;
  /** In the order of their ids. */
  readonly messages = signal<readonly ShownMessage[]>([]);
  readonly hasOlder = signal(true);
  readonly isLoading = signal(false);
  readonly hasFailed = signal(false);
  /** Where the line above what is new goes; undefined: there is none. */
  readonly readUpTo = signal<number | undefined>(undefined);
  readonly draft = signal('');
  /** Whether the newest messages are on the screen, not older ones. */
  isAtNewest = true;
  readonly #client: TeamTalkClient;
  #isStarted = false;
  /** Messages of others up to `#openedAt` that come after the line, which has no place yet; 0: it has one, or there is none. */
  #unread = 0;
  #openedAt = 0;

  constructor(client: TeamTalkClient, session: Session) {
    this.#client = client;
    this.session = session;
    this.key = keyOf(session);
  }

  get lastId(): number {
    return this.messages.value.at(-1)?.id ?? 0;
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
      await this.#load(0);
      if (this.hasFailed.value) this.#isStarted = this.messages.value.length > 0;
    }
    this.readUpTo.value = undefined;
    this.#unread = unread;
    this.#openedAt = lastId;
    this.#placeLine();
  }

  async loadOlder(): Promise<void> {
    const oldest = this.messages.value[0];
    if (this.isLoading.value || (oldest && !this.hasOlder.value)) return;
    this.#isStarted = true;
    await this.#load(oldest ? oldest.id - 1 : 0);
  }

  add(messages: readonly ShownMessage[]): void {
    const all = mergeMessages(this.messages.value, messages);
    if (this.isAtNewest && all.length > 2 * keptAtNewest) this.#keep(all, keptAtNewest);
    else this.messages.value = all;
  }

  hideLine(): void {
    this.readUpTo.value = undefined;
    this.#unread = 0;
  }

  /** It left the screen. */
  close(): void {
    this.hideLine();
    this.isAtNewest = true;
    const { value } = this.messages;
    if (value.length > keptWhenClosed) this.#keep(value, keptWhenClosed);
  }

  #keep(messages: readonly ShownMessage[], count: number): void {
    batch(() => {
      this.messages.value = messages.slice(-count);
      this.hasOlder.value = true;
    });
  }

  /** @param begin the newest id to load; 0: the newest there is */
  async #load(begin: number): Promise<void> {
    batch(() => {
      this.isLoading.value = true;
      this.hasFailed.value = false;
    });
    try {
      const page = await this.#client.history(this.session, { begin, count: pageSize });
      const messages = page.map(shownMessage).reverse();
      batch(() => {
        this.add(messages);
        this.hasOlder.value = messages.length > 0 && messages[0]!.id > 1;
        this.#placeLine();
      });
    } catch {
      this.hasFailed.value = true;
    } finally {
      this.isLoading.value = false;
    }
  }

  /** The line waits until the messages on both sides of it are loaded: above all that is loaded it would move with every page. */
  #placeLine(): void {
    if (this.#unread === 0) return;
    const before = this.messages.value.filter(({ id }) => id <= this.#openedAt);
    const place =
      readUpTo(before, this.#unread, this.#client.userId) ?? (this.hasOlder.value ? undefined : 0);
    if (place === undefined) return;
    this.readUpTo.value = place;
    this.#unread = 0;
  }
}
