import { waitUntil } from '@teamtalk/local-stack';
import type { Page } from 'playwright-core';

export interface ReadMessage {
  id: number;
  /** undefined: the message has no text */
  text: string | undefined;
}

interface Screen {
  messages: ReadMessage[];
  /** Whether the chat begins on this screen. */
  isFirst: boolean;
  /** Whether the chat ends on this screen. */
  isLast: boolean;
}

/** Reads the drawn messages after two frames. @param move a statement that first moves the scroller */
const lookScript = (move: string) => `(async () => {
  const scroller = document.querySelector('.timeline');
  ${move};
  for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
  const height = scroller.scrollHeight - scroller.clientHeight;
  return {
    messages: [...scroller.querySelectorAll('.message[data-id]')].map((row) => ({
      id: Number(row.dataset.id),
      text: row.querySelector('.message-text')?.textContent,
    })),
    isFirst: scroller.scrollTop <= 1 - height &&
      document.querySelector('.timeline-items > .top')?.textContent === 'This is where the chat begins.',
    isLast: scroller.scrollTop > -1 && !document.querySelector('.to-newest'),
  };
})()`;

/** Reads a chat screen by screen, starting at its end: only rows near the screen are in the document. */
export class ChatReading {
  /** The messages read so far, oldest first. */
  messages: ReadMessage[] = [];
  readonly #page: Page;
  #isFirst = false;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Scrolls to the end of the chat, and the first time reads it. */
  async toEnd(): Promise<void> {
    await waitUntil(
      async () => {
        const screen = await this.#look(`document.querySelector('.to-newest')?.click()`);
        if (screen.isLast && this.messages.length === 0) this.#take(screen);
        return screen.isLast;
      },
      { what: 'the end of the chat', timeoutMs: 30_000, everyMs: 0 },
    );
  }

  /** Reads the next screen up. @returns whether there was one */
  async further(): Promise<boolean> {
    if (this.#isFirst) return false;
    const up = 'scroller.scrollTop -= 0.8 * scroller.clientHeight';
    let move = up;
    await waitUntil(
      async () => {
        const hasFitted = this.#take(await this.#look(move));
        move = hasFitted ? up : '';
        return hasFitted;
      },
      { what: `what is above message ${this.messages[0]?.id}`, timeoutMs: 30_000, everyMs: 0 },
    );
    return true;
  }

  #look(move: string): Promise<Screen> {
    return this.#page.evaluate(lookScript(move)) as Promise<Screen>;
  }

  /**
   * Adds a screen above the messages read so far. Overlapping messages must be equal.
   * @returns whether they are
   */
  #take({ messages, isFirst }: Screen): boolean {
    const known = this.messages;
    const at = known.length === 0 ? messages.length : messages.findIndex(({ id }) => id === known[0]!.id);
    if (at < 0) return false;
    messages.slice(at).forEach(({ id, text }, i) => {
      if (known[i]?.id === id && known[i].text === text) return;
      throw new Error(`message ${known[i]?.id} was ${known[i]?.text}, now ${id} is ${text}`);
    });
    this.messages = [...messages.slice(0, at), ...known];
    this.#isFirst = isFirst;
    return true;
  }
}
