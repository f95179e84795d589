type Listener<A extends unknown[]> = (...args: A) => void;

/** The part of Node's EventEmitter that is the same everywhere. */
export class EventEmitter<Events extends Record<keyof Events, unknown[]>> {
  readonly #listeners = new Map<keyof Events, Array<{ call: Listener<never>; isOnce: boolean }>>();

  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): this {
    return this.#add(event, listener, false);
  }

  /** Calls the listener only for the next event. */
  once<K extends keyof Events>(event: K, listener: Listener<Events[K]>): this {
    return this.#add(event, listener, true);
  }

  off<K extends keyof Events>(event: K, listener: Listener<Events[K]>): this {
    const all = this.#listeners.get(event) ?? [];
    const at = all.findLastIndex(({ call }) => call === listener);
    if (at >= 0) this.#listeners.set(event, all.toSpliced(at, 1));
    return this;
  }

  /** Calls all listeners, in the order in which they were added. @returns whether there were any */
  emit<K extends keyof Events>(event: K, ...args: Events[K]): boolean {
    const all = this.#listeners.get(event) ?? [];
    for (const { call, isOnce } of all) {
      if (isOnce) this.off(event, call as Listener<Events[K]>);
      (call as Listener<Events[K]>)(...args);
    }
    return all.length > 0;
  }

  listenerCount(event: keyof Events): number {
    return this.#listeners.get(event)?.length ?? 0;
  }

  // Lists are replaced, never modified, because `emit` may be iterating over one.
  #add<K extends keyof Events>(event: K, listener: Listener<Events[K]>, isOnce: boolean): this {
    const all = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, [...all, { call: listener as Listener<never>, isOnce }]);
    return this;
  }
}
