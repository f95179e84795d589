import {
  ClientError,
  DurableOutbox,
  MemoryStorage,
  type OutboxStorage,
  type Session,
  type TeamTalkClient,
  uploadImage,
} from '@teamtalk/client';
import type { Chat } from './chat.js';
import { nameWithSize } from './image-file.js';
import { IndexedDbStorage } from './outbox-storage.js';
import { bytesOf, changed, hexOf, newKey, type Outgoing, without } from './outgoing.js';
import { keyOf, type SessionKey } from './session.js';
import type { State } from './state.js';

/** The longest text of one message, characters; servers and old clients accept somewhat more. */
export const maxTextLength = 10_000;

interface SenderOptions {
  client: TeamTalkClient;
  state: State;
  msfsUrl: string;
  decrypt: (data: Uint8Array) => string;
  chats: ReadonlyMap<SessionKey, Chat>;
  /** seconds, by the server's clock */
  now: () => number;
  /** Called when a message has been stored. */
  onSent: (session: Session, message: { id: number; from: number; time: number; text: string }) => void;
}

/** Sends this user's messages. The browser stores each one until the server has stored it. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #outbox: DurableOutbox;
  readonly #closeStorage: () => void;

  /** Loads the messages that an earlier page left unsent. */
  static async open(options: SenderOptions): Promise<Sender> {
    const { client, state, decrypt } = options;
    const database = await IndexedDbStorage.open(client.userId).catch((error: unknown) => {
      // Some browsers refuse storage in private windows: unsent messages are lost with the page.
      console.warn('unsent messages are not kept:', error);
      return undefined;
    });
    const storage: OutboxStorage = database ?? new MemoryStorage();
    const left = await storage.load();
    state.outgoing.value = left.map(({ key, session, data }) => ({
      key,
      session,
      text: decrypt(data),
      state: 'pending',
    }));
    return new Sender(options, await DurableOutbox.open(client, storage), () => database?.close());
  }

  private constructor(options: SenderOptions, outbox: DurableOutbox, closeStorage: () => void) {
    this.#options = options;
    this.#outbox = outbox;
    this.#closeStorage = closeStorage;
    outbox.on('sent', ({ key, session, msgId }) => this.#sent(key, session, msgId));
    outbox.on('refused', ({ key }) => this.#fail(key, 'noSuchReceiver'));
  }

  /** Stops sending. Unacknowledged messages stay in the browser for the next page. */
  close(): void {
    this.#outbox.stop();
    this.#closeStorage();
  }

  async sendText(session: Session, text: string): Promise<void> {
    await this.#start({ key: hexOf(newKey()), session, text, state: 'pending' });
  }

  async sendImage(session: Session, image: Blob): Promise<void> {
    await this.#start({ key: hexOf(newKey()), session, text: '', image, state: 'pending' });
  }

  /** Retries a failed message under the same key, so that it cannot be stored twice. */
  async retry(key: string): Promise<void> {
    const outgoing = this.#find(key);
    if (!outgoing) return;
    this.#put(without(this.#all, key));
    await this.#start({ ...outgoing, state: 'pending', reason: undefined });
  }

  discard(key: string): void {
    this.#put(without(this.#all, key));
  }

  get isUploading(): boolean {
    return this.#all.some(({ image, text, state }) => image && text === '' && state === 'pending');
  }

  get #all(): readonly Outgoing[] {
    return this.#options.state.outgoing.value;
  }

  #put(outgoing: readonly Outgoing[]): void {
    this.#options.state.outgoing.value = outgoing;
  }

  #find(key: string): Outgoing | undefined {
    return this.#all.find((each) => each.key === key);
  }

  /** Never throws: a failed message is shown as failed. */
  async #start(outgoing: Outgoing): Promise<void> {
    const { key, session, image } = outgoing;
    this.#put([...this.#all, outgoing]);
    let { text } = outgoing;
    if (image && text === '') {
      try {
        const uploaded = await uploadImage(this.#options.msfsUrl, image, { name: await nameWithSize(image) });
        text = uploaded.text;
        this.#put(changed(this.#all, key, { text }));
      } catch (error) {
        console.warn('image not uploaded:', error instanceof ClientError ? error.message : error);
        this.#fail(key, 'uploadFailed');
        return;
      }
    }
    try {
      await this.#outbox.send(session, text, { key: bytesOf(key) });
    } catch (error) {
      console.warn('message not kept:', error);
      this.#fail(key, 'notSent');
    }
  }

  #fail(key: string, reason: string): void {
    this.#put(changed(this.#all, key, { state: 'failed', reason }));
  }

  #sent(key: string, session: Session, msgId: number): void {
    const { state, client, chats, now, onSent } = this.#options;
    const text = this.#find(key)?.text ?? '';
    const message = { id: msgId, from: client.userId, time: now(), text };
    const chat = chats.get(keyOf(session));
    if (chat?.isStarted) chat.add([{ ...message, content: { kind: 'text', text } }]);
    this.#put(without(state.outgoing.value, key));
    onSent(session, message);
  }
}
