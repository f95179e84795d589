import { testPassword } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { ChatReading, type ReadMessage } from './chat-reading.js';

/** Records forbidden behaviour within the page. */
const watchScript = `
  window.__violations = [];
  window.__attacked = 0;
  document.addEventListener('securitypolicyviolation', (event) => {
    window.__violations.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber);
  });
`;

/** The web client in a browser, operated by its visible (English) texts. */
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

  /** Logs in and waits for the main screen. */
  async enter(name: string): Promise<void> {
    await this.logIn(name);
    await this.page.locator('.main-screen').waitFor();
  }

  /** Opens the chat with a user from the contacts. */
  async openContact(name: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Contacts' }).click();
    await this.page.getByRole('searchbox', { name: 'Search contacts' }).fill(name);
    await this.row(name).click();
    await this.title(name).waitFor();
  }

  /** Opens a chat from the list. */
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

  /** A file transfer below the chat. */
  file(name: string): Locator {
    return this.page.locator(`.file[data-file=${JSON.stringify(name)}]`);
  }

  async write(text: string): Promise<void> {
    await this.page.fill('.composer textarea', text);
    await this.page.press('.composer textarea', 'Enter');
  }

  /** Stored messages that contain the text. */
  message(text: string): Locator {
    return this.page.locator('.message[data-id]', { hasText: text });
  }

  /** Writes a text and waits until the message is stored. */
  async send(text: string): Promise<void> {
    await this.write(text);
    await this.message(text).waitFor();
  }

  /** Waits until a short chat is completely loaded. */
  async loaded(): Promise<void> {
    await this.page.locator('.top', { hasText: 'This is where the chat begins' }).waitFor();
  }

  /** The texts of all messages in the chat, oldest first. */
  async texts(): Promise<string[]> {
    return (await this.readAll()).flatMap(({ text }) => text ?? []);
  }

  /** The ids of all messages in the chat, in screen order. */
  async ids(): Promise<number[]> {
    return (await this.readAll()).map(({ id }) => id);
  }

  /** Scrolls up to the beginning of the chat. */
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
   * Reads the chat screen by screen from its end to its beginning, and returns to the end.
   * @param onScreen called at each screen
   * @throws Error when overlapping screens differ
   */
  async readAll(onScreen: () => Promise<void> = async () => {}): Promise<ReadMessage[]> {
    const reading = new ChatReading(this.page);
    await reading.toEnd();
    do await onScreen();
    while (await reading.further());
    await reading.toEnd();
    return reading.messages;
  }

  /** Violations of the Content-Security-Policy, effects of attacks, and reported problems. */
  async harm(): Promise<{ violations: string[]; attacked: number; problems: string[] }> {
    const { violations, attacked } = (await this.page.evaluate(
      '({ violations: window.__violations, attacked: window.__attacked })',
    )) as { violations: string[]; attacked: number };
    return { violations, attacked, problems: this.problems };
  }
}

export const noHarm = { violations: [], attacked: 0, problems: [] };
