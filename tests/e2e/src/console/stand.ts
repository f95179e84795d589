import { randomBytes } from 'node:crypto';
import { type ClusterOptions, TestCluster } from '@teamtalk/cluster';
import { inviteToConsole, openDataSource } from '@teamtalk/db_proxy_server';
import type { BrowserContext, Page } from 'playwright-core';
import { openChromium } from '../chromium.js';

/** The password of every console account in tests. */
export const consolePassword = 'correct horse battery staple';

/** Options for waiting until a busy machine has responded. */
export const patiently = { timeout: 15_000 };

/** An installation with a console, and a browser. */
export class ConsoleStand {
  readonly cluster: TestCluster;
  readonly browser: BrowserContext;
  /** Problems that pages reported: uncaught errors and violations of the Content-Security-Policy. */
  readonly problems: string[] = [];

  /** An installation with images. @param token of uploads */
  static async startWithImages(token: string): Promise<ConsoleStand> {
    const cluster = await TestCluster.start({ msfs: 1, envOf: { msfs: { MSFS_UPLOAD_TOKENS: token } } });
    try {
      await cluster.add('admin_server', { MSFS_URL: cluster.url('msfs'), MSFS_UPLOAD_TOKEN: token });
      return new ConsoleStand(cluster, await openChromium());
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /**
   * @param env variables of db_proxy_server
   * @param admin_server variables of admin_server
   * @param services further services, and their variables
   */
  static async start(
    env: Readonly<Record<string, string>> = {},
    admin_server: Readonly<Record<string, string>> = {},
    { envOf, ...services }: ClusterOptions = {},
  ): Promise<ConsoleStand> {
    const db_proxy_server = { CONSOLE_SECRETS_KEY: randomBytes(32).toString('hex'), ...env };
    const cluster = await TestCluster.start({
      admin_server: 1,
      ...services,
      envOf: { ...envOf, db_proxy_server, admin_server },
    });
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

  /** Creates a one-time link, as `npm start` prints it. */
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

  /** Opens a page in English and records its problems. */
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

  /** Creates an account and opens a page that is logged in to it by its one-time link. */
  async enter(name = 'admin', role = 'owner', departmentId?: number): Promise<Page> {
    const page = await this.open(await this.setupLink(name, role, departmentId));
    await choosePassword(page);
    await page.locator('nav').waitFor();
    return page;
  }
}

/** Fills in the login page. */
export async function logIn(page: Page, name: string): Promise<void> {
  await page.fill('[name=name]', name);
  await page.fill('[name=password]', consolePassword);
  await page.click('button[type=submit]');
}

/** Sets the password on the page of a one-time link. */
export async function choosePassword(page: Page): Promise<void> {
  await page.fill('[name=password]', consolePassword);
  await page.fill('[name=again]', consolePassword);
  await page.click('button[type=submit]');
}

/** Selects an option of the `select` with this name. */
export async function choose(page: Page, name: string, value: string): Promise<void> {
  await page.selectOption(`select[name=${name}] >> visible=true`, value);
}

/** Opens a page of the console by its path. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate((hash) => {
    (globalThis as unknown as { location: { hash: string } }).location.hash = hash;
  }, `#/${path}`);
}

/** Clicks the button of the confirmation dialog. @returns the dialog's text */
export async function confirm(page: Page): Promise<string> {
  const dialog = page.locator('dialog[open]');
  const text = (await dialog.locator('p').first().textContent()) ?? '';
  await dialog.locator('button.main').click();
  await dialog.waitFor({ state: 'detached' });
  return text;
}
