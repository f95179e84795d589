import { batch, computed, signal } from '@preact/signals';
import type { IM, Session } from '@teamtalk/client';
import type { Chat } from './chat.js';
import { type Conversation, placed } from './conversations.js';
import { Drafts } from './drafts.js';
import { Marks } from './marks.js';
import type { Outgoing } from './outgoing.js';
import { keyOf, type SessionKey } from './session.js';
import type { FileTransfer } from './transfer.js';

export type User = IM.BaseDefine.UserInfo.$Properties;
export type Department = IM.BaseDefine.DepartInfo.$Properties;
export type Group = IM.BaseDefine.GroupInfo.$Properties;

/** What the page knows about the installation while a user is logged in. */
export class State {
  readonly ownId: number;
  readonly users = signal<ReadonlyMap<number, User>>(new Map());
  readonly departments = signal<ReadonlyMap<number, Department>>(new Map());
  readonly groups = signal<ReadonlyMap<number, Group>>(new Map());
  /** Users who are online with a PC. */
  readonly online = signal<ReadonlySet<number>>(new Set());
  /** Newest first. */
  readonly conversations = signal<ReadonlyMap<SessionKey, Conversation>>(new Map());
  readonly files = signal<readonly FileTransfer[]>([]);
  readonly marks: Marks;
  readonly drafts: Drafts;
  readonly outgoing = signal<readonly Outgoing[]>([]);
  readonly openChat = signal<Chat | undefined>(undefined);
  readonly isOnline = signal(true);
  /** Whether the lists have been loaded at least once. */
  readonly isLoaded = signal(false);

  /** Conversations, newest first, with the pinned ones on top. */
  readonly recent = computed(() => {
    const pinned = this.marks.pinned.value;
    const all = [...this.conversations.value.values()];
    return [...all.filter(({ key }) => pinned.has(key)), ...all.filter(({ key }) => !pinned.has(key))];
  });
  readonly unreadTotal = computed(() => {
    let total = 0;
    for (const { unread } of this.conversations.value.values()) total += unread;
    return total;
  });

  constructor(ownId: number) {
    this.ownId = ownId;
    this.marks = new Marks(ownId);
    this.drafts = new Drafts(ownId);
  }

  get self(): User | undefined {
    return this.users.value.get(this.ownId);
  }

  putUsers(users: readonly User[]): void {
    if (users.length > 0) this.users.value = withAll(this.users.value, users, ({ userId }) => userId);
  }

  putDepartments(departments: readonly Department[]): void {
    this.departments.value = withAll(this.departments.value, departments, ({ deptId }) => deptId);
  }

  putGroups(groups: readonly Group[]): void {
    if (groups.length > 0) this.groups.value = withAll(this.groups.value, groups, ({ groupId }) => groupId);
  }

  changeUser(userId: number, fields: Partial<User>): void {
    const user = this.users.value.get(userId);
    if (user) this.putUsers([{ ...user, ...fields }]);
  }

  changeGroup(groupId: number, fields: Partial<Group>): void {
    const group = this.groups.value.get(groupId);
    if (group) this.putGroups([{ ...group, ...fields }]);
  }

  setPresence(changes: ReadonlyArray<readonly [userId: number, isOnline: boolean]>): void {
    const online = new Set(this.online.value);
    for (const [userId, isOnline] of changes) {
      if (isOnline) online.add(userId);
      else online.delete(userId);
    }
    this.online.value = online;
  }

  /** Whether the conversation causes no notifications. */
  isMuted(session: Session): boolean {
    if ('group' in session) return this.groups.value.get(session.group)?.shieldStatus === 1;
    return this.marks.muted.value.has(keyOf(session));
  }

  putConversation(conversation: Conversation): void {
    this.conversations.value = placed(this.conversations.value, conversation);
  }

  removeConversation(key: SessionKey): void {
    const conversations = new Map(this.conversations.value);
    conversations.delete(key);
    batch(() => {
      this.conversations.value = conversations;
      if (this.openChat.value?.key === key) this.openChat.value = undefined;
    });
  }
}

function withAll<K, V>(known: ReadonlyMap<K, V>, more: readonly V[], keyOf: (value: V) => K): Map<K, V> {
  const all = new Map(known);
  for (const value of more) all.set(keyOf(value), value);
  return all;
}
