import { ClientError, DeadlineExceeded } from './errors.js';

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

/**
 * A bounded queue of items in order. Several takers may share it; each item goes to one of them.
 */
export class MessageQueue<T> {
  readonly #limit: number;
  readonly #onRoom: () => void;
  readonly #waiting = new Set<Waiter<T>>();
  #items: T[] = [];
  #head = 0;
  #refused = false;
  #end: Error | undefined;

  /**
   * @param limit maximum number of items
   * @param onRoom called once half of the room is free again after `offer` had to refuse
   */
  constructor(limit: number, onRoom: () => void) {
    this.#limit = limit;
    this.#onRoom = onRoom;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Whether an item was refused and there is not enough room since. */
  get isRefusing(): boolean {
    return this.#refused;
  }

  /** @returns false when there is no room; the item is not queued */
  offer(item: T): boolean {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      waiter.resolve({ done: false, value: item });
      return true;
    }
    if (this.#refused || this.length >= this.#limit) {
      this.#refused = true;
      return false;
    }
    this.#items.push(item);
    return true;
  }

  /** Ends the queue: remaining items can still be taken, then takers get the end; an error unless `closed`. */
  end(error: ClientError): void {
    if (this.#end) return;
    this.#end = error;
    for (const waiter of this.#waiting) this.#settleWithEnd(waiter, error);
    this.#waiting.clear();
  }

  /**
   * Waits for the next item for at most `deadlineMs` milliseconds.
   *
   * @throws DeadlineExceeded, or the error the queue has ended with.
   */
  async take(deadlineMs: number): Promise<T> {
    const next = new Promise<IteratorResult<T, undefined>>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        reject(new DeadlineExceeded('the next message', deadlineMs));
      }, deadlineMs);
      const waiter = {
        resolve: (result: IteratorResult<T, undefined>) => {
          clearTimeout(timer);
          resolve(result);
        },
        reject: (error: Error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#take(waiter);
    });
    const result = await next;
    if (result.done) throw this.#end ?? new ClientError('closed', 'the client is closed');
    return result.value;
  }

  /** Iterates over the items. Leaving the loop keeps the rest in the queue. */
  iterate(onDone: () => void): AsyncIterableIterator<T, undefined> {
    let mine: Waiter<T> | undefined;
    let done = false;
    const finish = () => {
      if (!done) onDone();
      done = true;
    };
    const iterator: AsyncIterableIterator<T, undefined> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () => {
        if (done) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve, reject) => {
          mine = {
            resolve: (result) => {
              if (result.done) finish();
              resolve(result);
            },
            reject: (error) => {
              finish();
              reject(error);
            },
          };
          this.#take(mine);
        });
      },
      return: () => {
        finish();
        if (mine && this.#waiting.delete(mine)) mine.resolve({ done: true, value: undefined });
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    return iterator;
  }

  #take(waiter: Waiter<T>): void {
    if (this.length === 0) {
      if (this.#end) this.#settleWithEnd(waiter, this.#end);
      else this.#waiting.add(waiter);
      return;
    }
    const item = this.#items[this.#head++]!;
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    waiter.resolve({ done: false, value: item });
    if (this.#refused && this.length * 2 <= this.#limit) {
      this.#refused = false;
      this.#onRoom();
    }
  }

  #settleWithEnd(waiter: Waiter<T>, end: Error): void {
    if (end instanceof ClientError && end.code === 'closed') waiter.resolve({ done: true, value: undefined });
    else waiter.reject(end);
  }
}
