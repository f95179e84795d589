import { randomBytes } from 'node:crypto';
import { TestCluster } from '@teamtalk/cluster';
import { inviteToConsole, openDataSource } from '@teamtalk/db_proxy_server';
import type { BrowserContext, Page } from 'playwright-core';
import { openChromium } from '../chromium.js';

/** Of every account of the console that tests set up. */
export const consolePassword = 'correct horse battery staple';

/** For what a page shows once a busy machine has answered. */
export const patiently = { timeout: 15_000 };

/** An installation with a console, and a browser. */
export class ConsoleStand {
  readonly cluster: TestCluster;
  readonly browser: BrowserContext;
  /** What pages reported: uncaught errors, and what the Content-Security-Policy refused. */
  readonly problems: string[] = [];

  /** @param env of db_proxy_server @param admin_server its own */
  static async start(
    env: Readonly<Record<string, string>> = {},
    admin_server: Readonly<Record<string, string>> = {},
  ): Promise<ConsoleStand> {
    const db_proxy_server = { CONSOLE_SECRETS_KEY: randomBytes(32).toString('hex'), ...env };
    const cluster = await TestCluster.start({ admin_server: 1, envOf: { db_proxy_server, admin_server } });
    try {
      return new ConsoleStand(cluster, await openChromium());
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(cluster: TestCluster, browser: BrowserContext) {
    this.cluster = cluster;
    this.browser = browser;
  }

  get url(): string {
    return this.cluster.url('admin_server');
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.cluster.stop();
  }

  /** A one-time link as `npm start` prints it. */
  async setupLink(name = 'admin', role = 'owner', departmentId?: number, email?: string): Promise<string> {
    const dataSource = await openDataSource(this.cluster.database.url);
    try {
      const account = { name, role, ...(departmentId && { departmentId }), ...(email && { email }) };
      const { token } = await inviteToConsole(dataSource, account);
      return `${this.url}/setup#${token}`;
    } finally {
      await dataSource.destroy();
    }
  }

  /** A page in English, whose problems are kept. */
  async open(path = '/'): Promise<Page> {
    const page = await this.browser.newPage();
    page.on('pageerror', (error) => this.problems.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted Type/i.test(message.text())) this.problems.push(message.text());
    });
    await page.goto(new URL(path, this.url).href);
    await choose(page, 'language', 'en');
    return page;
  }

  /** A page where an account, which is made for it, is logged in by its one-time link. */
  async enter(name = 'admin', role = 'owner', departmentId?: number): Promise<Page> {
    const page = await this.open(await this.setupLink(name, role, departmentId));
    await choosePassword(page);
    await page.locator('nav').waitFor();
    return page;
  }
}

/** On the page of a one-time link. */
export async function choosePassword(page: Page): Promise<void> {
  await page.fill('[name=password]', consolePassword);
  await page.fill('[name=again]', consolePassword);
  await page.click('button[type=submit]');
}

/** Chooses in a select by its name. */
export async function choose(page: Page, name: string, value: string): Promise<void> {
  await page.selectOption(`select[name=${name}] >> visible=true`, value);
}

/** Opens a page of the console by its address. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate((hash) => {
    (globalThis as unknown as { location: { hash: string } }).location.hash = hash;
  }, `#/${path}`);
}

/** Presses the button of the dialog that asks for confirmation. @returns what the dialog said */
export async function confirm(page: Page): Promise<string> {
  const dialog = page.locator('dialog[open]');
  const text = (await dialog.locator('p').first().textContent()) ?? '';
  await dialog.locator('button.main').click();
  await dialog.waitFor({ state: 'detached' });
  return text;
}
