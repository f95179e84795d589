/** A message; its id is its position in the conversation, from 1. */
export interface Spoken {
  from: number;
  text: string;
}

/** The state of a conversation for one of its users. */
interface Reader {
  /** newest message at the join; only later ones are visible */
  join: number;
  /** newest message read */
  read: number;
  /** newest message when the session was removed from the list */
  removed: number;
}

export interface Entry {
  conversation: Conversation;
  last: number;
  unread: number;
}

/** Users are numbers from 0, in the model's order; the world knows their ids. */
export abstract class Conversation {
  readonly messages: Spoken[] = [];
  readonly readers = new Map<number, Reader>();
  /** when the newest message came, on the model's clock */
  lastAt = 0;

  get last(): number {
    return this.messages.length;
  }

  get users(): number[] {
    return [...this.readers.keys()].sort((a, b) => a - b);
  }

  abstract unreadOf(user: number): number;

  speak(from: number, text: string, now: number): number {
    this.lastAt = now;
    return this.messages.push({ from, text });
  }

  /** Positions beyond the newest message count as the newest; none moves back. */
  read(user: number, id: number): void {
    const reader = this.readers.get(user);
    if (reader) reader.read = Math.max(reader.read, Math.min(id, this.last));
  }

  remove(user: number): void {
    this.read(user, this.last);
    const reader = this.readers.get(user);
    if (reader) reader.removed = this.last;
  }

  /** Ids of what the user may see, newest first. */
  visibleTo(user: number, begin = this.last, count = 100): number[] {
    const reader = this.readers.get(user);
    if (!reader) return [];
    const newest = Math.min(begin === 0 ? this.last : begin, this.last);
    const ids = Array.from({ length: Math.max(newest - reader.join, 0) }, (_, i) => newest - i);
    return ids.slice(0, count);
  }

  isListedFor(user: number): boolean {
    const reader = this.readers.get(user);
    return reader !== undefined && this.last > Math.max(reader.join, reader.removed);
  }
}

export class Pair extends Conversation {
  constructor(users: readonly [number, number]) {
    super();
    for (const user of users) this.readers.set(user, { join: 0, read: 0, removed: 0 });
  }

  unreadOf(user: number): number {
    const read = this.readers.get(user)?.read ?? 0;
    return this.messages.slice(read).filter(({ from }) => from !== user).length;
  }

  peerOf(user: number): number {
    return this.users.find((other) => other !== user)!;
  }
}

/** A temporary group. */
export class Group extends Conversation {
  readonly index: number;
  readonly creator: number;
  version = 1;

  constructor(index: number, creator: number, members: readonly number[]) {
    super();
    this.index = index;
    this.creator = creator;
    for (const member of [creator, ...members]) this.#enter(member);
  }

  unreadOf(user: number): number {
    const reader = this.readers.get(user);
    return reader ? this.last - Math.max(reader.read, reader.join) : 0;
  }

  /** Sending to a group marks earlier messages as read. */
  override speak(from: number, text: string, now: number): number {
    const id = super.speak(from, text, now);
    this.read(from, id);
    return id;
  }

  /** @returns the added users, or why there are none */
  add(by: number, whom: readonly number[]): number[] | 'no-group' | 'not-permitted' {
    if (this.readers.size === 0) return 'no-group';
    if (!this.readers.has(by)) return 'not-permitted';
    const added = ascending(whom).filter((user) => !this.readers.has(user));
    for (const user of added) this.#enter(user);
    return this.#changed(added);
  }

  /** @returns the removed users, or why there are none */
  expel(by: number, whom: readonly number[]): number[] | 'no-group' | 'not-permitted' {
    if (this.readers.size === 0) return 'no-group';
    if (!this.readers.has(by)) return 'not-permitted';
    if (by !== this.creator && whom.some((user) => user !== by)) return 'not-permitted';
    return this.#changed(ascending(whom).filter((user) => this.readers.delete(user)));
  }

  #enter(user: number): void {
    this.readers.set(user, { join: this.last, read: this.last, removed: 0 });
  }

  #changed(users: number[]): number[] {
    if (users.length > 0) this.version++;
    return users;
  }
}

/** The expected state of an installation for a closed set of users. */
export class Model {
  readonly groups: Group[] = [];
  readonly #pairs = new Map<string, Pair>();
  #clock = 0;

  now(): number {
    return ++this.#clock;
  }

  pair(a: number, b: number): Pair {
    const users = [Math.min(a, b), Math.max(a, b)] as const;
    const key = users.join(' ');
    const pair = this.#pairs.get(key) ?? new Pair(users);
    this.#pairs.set(key, pair);
    return pair;
  }

  conversationsOf(user: number): Conversation[] {
    return [...this.#pairs.values(), ...this.groups].filter(({ readers }) => readers.has(user));
  }

  /** The user's sessions, newest message first. */
  sessionsOf(user: number): Entry[] {
    return this.conversationsOf(user)
      .filter((conversation) => conversation.isListedFor(user))
      .sort((a, b) => b.lastAt - a.lastAt)
      .map((conversation) => ({
        conversation,
        last: conversation.last,
        unread: conversation.unreadOf(user),
      }));
  }
}

function ascending(users: readonly number[]): number[] {
  return [...new Set(users)].sort((a, b) => a - b);
}
