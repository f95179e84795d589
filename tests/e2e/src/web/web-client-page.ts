import { testPassword } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { ChatReading, type ReadMessage } from './chat-reading.js';

/** What the page must never do, gathered in the page itself. */
const watchScript = `
  window.__violations = [];
  window.__attacked = 0;
  document.addEventListener('securitypolicyviolation', (event) => {
    window.__violations.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber);
  });
`;

/** The web client in a browser, by the names of what people see (in English). */
export class WebClientPage {
  readonly page: Page;
  readonly problems: string[] = [];

  /** @param url of web_server */
  static async open(browser: BrowserContext, url: string): Promise<WebClientPage> {
    const client = new WebClientPage(await browser.newPage());
    await client.page.addInitScript(watchScript);
    await client.page.goto(url);
    return client;
  }

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('dialog', (dialog) => {
      this.problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  async logIn(name: string, password: string = testPassword): Promise<void> {
    await this.page.fill('input[name=name]', name);
    await this.page.fill('input[name=password]', password);
    await this.page.click('button[type=submit]');
  }

  /** Logs in, and waits for the main screen. */
  async enter(name: string): Promise<void> {
    await this.logIn(name);
    await this.page.locator('.main-screen').waitFor();
  }

  /** Opens the chat with somebody from the contacts. */
  async openContact(name: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Contacts' }).click();
    await this.page.getByRole('searchbox', { name: 'Search contacts' }).fill(name);
    await this.row(name).click();
    await this.title(name).waitFor();
  }

  /** Opens a chat of the list. */
  async openChat(name: string): Promise<void> {
    await this.row(name).click();
    await this.title(name).waitFor();
  }

  title(name: string): Locator {
    return this.page.locator('.chat-title h1', { hasText: name });
  }

  row(name: string): Locator {
    return this.page.locator(`.list-pane .row:has(.row-name:text-is(${JSON.stringify(name)}))`);
  }

  /** A file that is on its way, below the chat. */
  file(name: string): Locator {
    return this.page.locator(`.file[data-file=${JSON.stringify(name)}]`);
  }

  async write(text: string): Promise<void> {
    await this.page.fill('.composer textarea', text);
    await this.page.press('.composer textarea', 'Enter');
  }

  /** Messages that are stored, by their text. */
  message(text: string): Locator {
    return this.page.locator('.message[data-id]', { hasText: text });
  }

  /** Writes a text and waits until it is stored. */
  async send(text: string): Promise<void> {
    await this.write(text);
    await this.message(text).waitFor();
  }

  /** Waits until the whole of a short chat is there. */
  async loaded(): Promise<void> {
    await this.page.locator('.top', { hasText: 'This is where the chat begins' }).waitFor();
  }

  /** The texts of all messages of the chat, oldest first. */
  async texts(): Promise<string[]> {
    return (await this.readAll()).flatMap(({ text }) => text ?? []);
  }

  /** The ids of all messages of the chat, in the order of the screen. */
  async ids(): Promise<number[]> {
    return (await this.readAll()).map(({ id }) => id);
  }

  /** Scrolls up until there is nothing above. */
  async scrollToBeginning(): Promise<void> {
    await waitUntil(
      () =>
        this.page.evaluate(`(async () => {
          const scroller = document.querySelector('.timeline');
          scroller.scrollTop = -scroller.scrollHeight;
          await new Promise(requestAnimationFrame);
          return document.querySelector('.timeline-items > .top')?.textContent === 'This is where the chat begins.' &&
            document.querySelector('.timeline-items > .top + .day') !== null;
        })()`),
      { what: 'the beginning of the chat', timeoutMs: 30_000 },
    );
  }

  /**
   * Reads the chat as people do, screen by screen from its end to its beginning, and returns to its end.
   * @param onScreen is called at each screen
   * @throws Error when two screens do not fit together
   */
  async readAll(onScreen: () => Promise<void> = async () => {}): Promise<ReadMessage[]> {
    const reading = new ChatReading(this.page);
    await reading.toEnd();
    do await onScreen();
    while (await reading.further());
    await reading.toEnd();
    return reading.messages;
  }

  /** What the Content-Security-Policy has refused, and what attacks have done. */
  async harm(): Promise<{ violations: string[]; attacked: number; problems: string[] }> {
    const { violations, attacked } = (await this.page.evaluate(
      '({ violations: window.__violations, attacked: window.__attacked })',
    )) as { violations: string[]; attacked: number };
    return { violations, attacked, problems: this.problems };
  }
}

export const noHarm = { violations: [], attacked: 0, problems: [] };
