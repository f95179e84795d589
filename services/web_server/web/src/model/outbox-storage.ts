import type { OutboxStorage, StoredMessage } from '@teamtalk/client';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

interface OutboxSchema extends DBSchema {
  messages: { key: number; value: StoredMessage; indexes: { key: string } };
}

/** Stores unsent messages in IndexedDB, so that they outlive the page. */
export class IndexedDbStorage implements OutboxStorage {
  readonly #database: IDBPDatabase<OutboxSchema>;

  /** @param userId the sender of the messages */
  static async open(userId: number): Promise<IndexedDbStorage> {
    const database = await openDB<OutboxSchema>(`teamtalk-outbox-${userId}`, 1, {
      upgrade: (fresh) => {
        const messages = fresh.createObjectStore('messages', { autoIncrement: true });
        messages.createIndex('key', 'key');
      },
    });
    return new IndexedDbStorage(database);
  }

  private constructor(database: IDBPDatabase<OutboxSchema>) {
    this.#database = database;
  }

  load(): Promise<StoredMessage[]> {
    return this.#database.getAll('messages');
  }

  async put(message: StoredMessage): Promise<void> {
    const change = this.#database.transaction('messages', 'readwrite', { durability: 'strict' });
    // The message may already be stored by an earlier attempt.
    if ((await change.store.index('key').getKey(message.key)) === undefined) await change.store.add(message);
    await change.done;
  }

  async remove(key: string): Promise<void> {
    const change = this.#database.transaction('messages', 'readwrite');
    const id = await change.store.index('key').getKey(key);
    if (id !== undefined) await change.store.delete(id);
    await change.done;
  }

  close(): void {
    this.#database.close();
  }
}
