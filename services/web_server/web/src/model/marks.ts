import { type ReadonlySignal, signal } from '@preact/signals';
import type { SessionKey } from './session.js';

type Mark = 'pinned' | 'muted';

/**
 * What a user has marked in the list of conversations: those that stay at the top, and those that stay silent. The protocol has
 * no place for either (groups are muted at the server), so they are this browser's.
 */
export class Marks {
  readonly #storageKey: string;
  readonly #marks = {
    pinned: signal<ReadonlySet<SessionKey>>(new Set()),
    muted: signal<ReadonlySet<SessionKey>>(new Set()),
  };

  constructor(userId: number) {
    this.#storageKey = `teamtalk-marks-${userId}`;
    const saved = load(this.#storageKey);
    for (const mark of ['pinned', 'muted'] as const) this.#marks[mark].value = new Set(saved[mark] ?? []);
  }

  get pinned(): ReadonlySignal<ReadonlySet<SessionKey>> {
    return this.#marks.pinned;
  }

  get muted(): ReadonlySignal<ReadonlySet<SessionKey>> {
    return this.#marks.muted;
  }

  set(mark: Mark, key: SessionKey, isOn: boolean): void {
    const keys = new Set(this.#marks[mark].value);
    if (isOn) keys.add(key);
    else keys.delete(key);
    this.#marks[mark].value = keys;
    const saved = { pinned: [...this.pinned.value], muted: [...this.muted.value] };
    try {
      localStorage.setItem(this.#storageKey, JSON.stringify(saved));
    } catch {
      // A browser that keeps nothing: they hold until the page is closed.
    }
  }
}

function load(storageKey: string): Partial<Record<Mark, SessionKey[]>> {
  try {
    const saved = Object(JSON.parse(localStorage.getItem(storageKey) ?? '{}')) as Record<Mark, unknown>;
    const keysOf = (value: unknown) =>
      Array.isArray(value) ? value.filter((each): each is SessionKey => /^[ug]\d+$/.test(String(each))) : [];
    return { pinned: keysOf(saved.pinned), muted: keysOf(saved.muted) };
  } catch {
    return {};
  }
}
