import { batch } from '@preact/signals';
import { type ClientError, type Message, type Session, TeamTalkClient } from '@teamtalk/client';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import type { PageConfig } from '../config.js';
import { Chat } from './chat.js';
import { shownMessage } from './content.js';
import { conversationsOf, emptyConversation, merged, withMessage } from './conversations.js';
import { loadDirectory, loadPresence } from './directory.js';
import { FileTransfers } from './file-transfers.js';
import { GroupActions } from './group-actions.js';
import type { SavedLogin } from './login.js';
import { notify } from './notify.js';
import { reportFailure } from './report-failure.js';
import { Sender } from './sender.js';
import { keyOf, type SessionKey } from './session.js';
import { State } from './state.js';
import { WebPush } from './web-push.js';

/** The number of conversations whose messages stay loaded. */
const maxChats = 30;

export interface AccountEvents {
  /** @param reason a KickReasonType */
  onKicked(reason: number): void;
  /** The login is no longer valid: the connection broke, and the server refused to restore it. */
  onRefused(error: ClientError): void;
}

/** One login: its connection, the state it has loaded, and the actions of the user. */
export class Account {
  readonly config: PageConfig;
  readonly state: State;
  readonly groups: GroupActions;
  readonly sender: Sender;
  /** undefined: the configuration has no file server URL */
  readonly files: FileTransfers | undefined;
  /** undefined: the installation or the browser does not support Web Push */
  readonly push: WebPush | undefined;
  readonly client: TeamTalkClient;
  readonly #chats: Map<SessionKey, Chat>;
  readonly #decrypt: (data: Uint8Array) => string;
  #isClosed = false;

  /** Logs in and starts loading the lists. @throws as `TeamTalkClient.login` */
  static async open(config: PageConfig, login: SavedLogin, events: AccountEvents): Promise<Account> {
    const client = new TeamTalkClient({
      url: config.webSocketUrls,
      fileServerUrl: config.fileServerUrl,
      textKey: config.textKey,
    });
    try {
      const user = await client.login(login);
      const state = new State(user.userId);
      state.putUsers([user]);
      const chats = new Map<SessionKey, Chat>();
      const codec = createTextCodec(config.textKey ?? DEFAULT_TEXT_KEY);
      const decrypt = (data: Uint8Array) => {
        try {
          return codec.decrypt(data);
        } catch {
          return '';
        }
      };
      const offset = (await client.serverTime()) - Date.now() / 1000;
      let account: Account | undefined;
      const sender = await Sender.open({
        client,
        state,
        msfsUrl: config.msfsUrl,
        decrypt,
        chats,
        now: () => Math.round(Date.now() / 1000 + offset),
        onSent: (session, message) => account?.noteOwn(session, message),
      });
      account = new Account(config, client, state, sender, chats, decrypt, events);
      return account;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  private constructor(
    config: PageConfig,
    client: TeamTalkClient,
    state: State,
    sender: Sender,
    chats: Map<SessionKey, Chat>,
    decrypt: (data: Uint8Array) => string,
    events: AccountEvents,
  ) {
    this.config = config;
    this.client = client;
    this.state = state;
    this.sender = sender;
    this.#chats = chats;
    this.#decrypt = decrypt;
    this.groups = new GroupActions(client, state);
    this.files = config.fileServerUrl === undefined ? undefined : new FileTransfers(client, state);
    this.push = WebPush.of(client, state.marks, config.pushKey);
    this.#subscribe(events);
    this.push?.resume();
    void this.#loadAll();
  }

  /** Opens a conversation, which need not exist yet. */
  async open(session: Session): Promise<void> {
    const key = keyOf(session);
    const previous = this.state.openChat.value;
    if (previous?.key === key) return;
    let chat = this.#chats.get(key);
    this.#chats.delete(key);
    if (!chat) {
      chat = new Chat(this.client, session);
      this.state.drafts.follow(chat);
    }
    this.#chats.set(key, chat);
    for (const [oldest, each] of this.#chats) {
      if (this.#chats.size <= maxChats) break;
      if (each.draft.value === '') this.#chats.delete(oldest);
    }
    batch(() => {
      previous?.close();
      this.state.openChat.value = chat;
    });
    await chat.open(this.state.conversations.value.get(key) ?? { unread: 0, lastId: 0 });
    this.markRead();
  }

  closeChat(): void {
    this.state.openChat.value?.close();
    this.state.openChat.value = undefined;
  }

  /** Tells the server that the open conversation has been read. */
  markRead(): void {
    const chat = this.state.openChat.value;
    if (!chat || document.visibilityState !== 'visible' || !this.client.isOnline) return;
    const conversation = this.state.conversations.value.get(chat.key);
    const lastId = Math.max(chat.newestId, conversation?.lastId ?? 0);
    if (!conversation || conversation.unread === 0 || lastId === 0) return;
    this.state.putConversation({ ...conversation, unread: 0 });
    void this.client.markRead(chat.session, lastId).catch(() => {});
  }

  /** Removes a conversation from the list. @throws as the SDK's request */
  async removeConversation(session: Session): Promise<void> {
    await this.client.removeSession(session);
    this.state.removeConversation(keyOf(session));
  }

  async setSignature(text: string): Promise<void> {
    await this.client.settings.setSignature(text);
    this.state.changeUser(this.state.ownId, { signInfo: text });
  }

  async setAvatar(url: string): Promise<void> {
    await this.client.settings.setAvatar(url);
    this.state.changeUser(this.state.ownId, { avatarUrl: url });
  }

  /** Called when a message of this user has been stored. */
  noteOwn(session: Session, message: { id: number; from: number; time: number; text: string }): void {
    this.#note(session, message, true);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.sender.close();
    this.files?.close();
    await this.client.close();
  }

  /** Removes what would outlast the login. */
  forget(): void {
    this.push?.end();
    this.state.drafts.clear();
  }

  async logOut(): Promise<void> {
    this.sender.close();
    this.files?.close();
    this.#isClosed = true;
    this.forget();
    await this.client.logout().catch(() => this.client.close());
  }

  #subscribe({ onKicked, onRefused }: AccountEvents): void {
    const { client, state } = this;
    client.on('message', (message) => this.#receive(message));
    client.on('kicked', ({ reason }) => {
      this.sender.close();
      onKicked(reason);
    });
    client.on('disconnected', ({ error, reconnecting }) => {
      state.isOnline.value = false;
      if (reconnecting) return;
      this.sender.close();
      onRefused(error);
    });
    client.on('reconnected', () => {
      state.isOnline.value = true;
      this.push?.resume();
      void this.#reload();
    });
    client.on('read', ({ session, msgId }) => {
      const conversation = state.conversations.value.get(keyOf(session));
      if (conversation && msgId >= conversation.lastId) state.putConversation({ ...conversation, unread: 0 });
    });
    client.on('status', ({ userId, status }) => state.setPresence([[userId, status === 1]]));
    client.on('signature', ({ userId, text }) => state.changeUser(userId, { signInfo: text }));
    client.on('avatar', ({ userId, url }) => state.changeUser(userId, { avatarUrl: url }));
    client.on('sessionRemoved', ({ session }) => state.removeConversation(keyOf(session)));
    client.on('group', (change) => void this.groups.changed(change));
    client.on('file', (offer) => this.files?.offered(offer));
  }

  /** Retries until it succeeds, because the page has nothing to show without the lists. */
  async #loadAll(): Promise<void> {
    for (
      let pauseMs = 1_000;
      !this.#isClosed && !this.client.isEnded;
      pauseMs = Math.min(2 * pauseMs, 30_000)
    ) {
      if ((await this.#reload()) && (await this.#loadDirectory())) break;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    this.state.isLoaded.value = true;
  }

  async #loadDirectory(): Promise<boolean> {
    try {
      await loadDirectory(this.client, this.state);
      return true;
    } catch (error) {
      reportFailure('the contacts')(error);
      return false;
    }
  }

  /** Reloads what may have changed while the connection was down. @returns whether it succeeded */
  async #reload(): Promise<boolean> {
    const { client, state } = this;
    try {
      const [recent, unread] = await Promise.all([client.recentSessions(), client.unread()]);
      const listed = conversationsOf(recent, unread.sessions, this.#decrypt);
      state.conversations.value = merged(state.conversations.value, listed);
      this.markRead();
      const normal = await client.groups.list();
      const ids = [
        ...normal.map(({ groupId }) => groupId),
        ...listed.flatMap(({ session }) => ('group' in session ? [session.group] : [])),
      ];
      if (ids.length > 0) state.putGroups(await client.groups.info([...new Set(ids)]));
      await this.files?.load().catch(reportFailure('the files'));
      if (state.isLoaded.value) await loadPresence(client, state);
      return true;
    } catch (error) {
      reportFailure('the chats')(error);
      return false;
    }
  }

  #receive(message: Message): void {
    const shown = shownMessage(message);
    const { session } = message;
    const chat = this.#chats.get(keyOf(session));
    const { content, id, from, time } = shown;
    const text = content.kind === 'text' ? content.text : content.kind === 'audio' ? '[语音]' : '';
    const isOwn = from === this.state.ownId;
    const isOpen = chat !== undefined && chat === this.state.openChat.value;
    const isOnScreen = isOpen && document.visibilityState === 'visible';
    batch(() => {
      if (chat?.isStarted) chat.add([shown]);
      // A user who comes back to the window sees where they left off.
      if (isOpen && !isOnScreen && !isOwn) chat.readUpTo.value ??= id - 1;
      const isNew = this.#note(session, { id, from, time, text }, isOwn);
      if (isOnScreen) this.markRead();
      else if (isNew && !isOwn) notify(this.state, session, text, from, () => void this.open(session));
    });
    this.#learn(session, from);
  }

  /** Updates the list of conversations. @returns whether the message was new to it */
  #note(
    session: Session,
    message: { id: number; from: number; time: number; text: string },
    isRead: boolean,
  ): boolean {
    const { conversations } = this.state;
    const before = conversations.value.get(keyOf(session)) ?? emptyConversation(session, message.time);
    const after = withMessage(before, message, isRead);
    if (after !== before) this.state.putConversation(after);
    return after !== before;
  }

  /** Requests the sender and the group of a message if they are unknown: new colleagues, new groups. */
  #learn(session: Session, from: number): void {
    const { client, state } = this;
    if (!state.isLoaded.value) return;
    if ('group' in session && !state.groups.value.has(session.group)) void this.groups.load([session.group]);
    if (!state.users.value.has(from)) {
      void client.usersInfo([from]).then((users) => state.putUsers(users), reportFailure('a user'));
    }
  }
}
