import { effect } from '@preact/signals';
import type { Chat } from './chat.js';
import type { SessionKey } from './session.js';

/** A user's unfinished messages, stored for this tab only, so that a reload keeps them. */
export class Drafts {
  readonly #storageKey: string;
  readonly #texts: Partial<Record<SessionKey, string>>;

  constructor(userId: number) {
    this.#storageKey = `teamtalk-drafts-${userId}`;
    this.#texts = load(this.#storageKey);
  }

  /** Gives a new chat the draft of its conversation, and stores it from then on. */
  follow({ key, draft }: Chat): void {
    draft.value = this.#texts[key] ?? '';
    effect(() => {
      if (draft.value === (this.#texts[key] ?? '')) return;
      if (draft.value === '') delete this.#texts[key];
      else this.#texts[key] = draft.value;
      try {
        sessionStorage.setItem(this.#storageKey, JSON.stringify(this.#texts));
      } catch {
        // The browser refuses storage: the drafts last until the page is closed.
      }
    });
  }

  /** Removes them from the browser. */
  clear(): void {
    sessionStorage.removeItem(this.#storageKey);
  }
}

function load(storageKey: string): Partial<Record<SessionKey, string>> {
  try {
    return Object(JSON.parse(sessionStorage.getItem(storageKey) ?? '{}'));
  } catch {
    return {};
  }
}
