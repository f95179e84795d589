import { type ReadonlySignal, signal } from '@preact/signals';
import type { SessionKey } from './session.js';

type Mark = 'pinned' | 'muted';

/**
 * The conversations that a user has pinned or muted. The protocol cannot store either (except muting a group, which the
 * server stores), so this browser does.
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
      // The browser refuses storage: the marks last until the page is closed.
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
