import { waitUntil } from '@teamtalk/local-stack';
import type { BrowserContext, CDPSession, Page, Worker } from 'playwright-core';

/** A notification that the browser shows. */
export interface ShownNotification {
  title: string;
  body: string;
  tag: string;
}

/**
 * Replaces the browser's push service, which is on the internet, by a fake one. Everything else is real: the permission, the
 * service worker, the push event, the notifications.
 */
export function fakeSubscription(subscription: string): string {
  return `
    if (self.PushManager) {
      const key = 'fake-subscription';
      const toBytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
      const kept = () => {
        const applicationServerKey = localStorage.getItem(key);
        return applicationServerKey === null ? null : {
          options: { applicationServerKey: toBytes(applicationServerKey).buffer },
          toJSON: () => (${subscription}),
          unsubscribe: async () => { localStorage.removeItem(key); return true; },
        };
      };
      PushManager.prototype.getSubscription = async () => kept();
      PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
        if (Notification.permission !== 'granted' || !userVisibleOnly) throw new Error('not allowed');
        localStorage.setItem(key, applicationServerKey);
        return kept();
      };
    }`;
}

/** Keeps what the worker does for each push event. */
const watchEvents = `
  if (!self.pushes) {
    self.pushes = [];
    const original = PushEvent.prototype.waitUntil;
    PushEvent.prototype.waitUntil = function (work) {
      self.pushes.push(work);
      return original.call(this, work);
    };
  }`;

/** A browser's service worker, which receives push messages through the DevTools protocol. */
export class PushWorker {
  readonly #browser: BrowserContext;
  readonly #page: Page;
  readonly #devTools: CDPSession;
  readonly #registrations = new Map<string, string>();

  static async of(browser: BrowserContext): Promise<PushWorker> {
    const page = await browser.newPage();
    const worker = new PushWorker(browser, page, await browser.newCDPSession(page));
    await worker.#devTools.send('ServiceWorker.enable');
    return worker;
  }

  private constructor(browser: BrowserContext, page: Page, devTools: CDPSession) {
    this.#browser = browser;
    this.#page = page;
    this.#devTools = devTools;
    devTools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const { registrationId, scopeURL, isDeleted } of registrations) {
        if (isDeleted) this.#registrations.delete(scopeURL);
        else this.#registrations.set(scopeURL, registrationId);
      }
    });
  }

  /** @param origin the origin of the service worker */
  async deliver(origin: string, data: string): Promise<void> {
    const registrationId = this.#registrations.get(`${origin}/`);
    if (registrationId === undefined) throw new Error(`there is no service worker of ${origin}`);
    const worker = await this.#worker();
    await worker.evaluate(watchEvents);
    const before = await worker.evaluate('self.pushes.length');
    await this.#devTools.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
    // Chromium forgets a notification that is listed while it is being shown, so nothing lists any until the event is over.
    await waitUntil(async () => (await worker.evaluate('self.pushes.length')) !== before, {
      what: 'the push event',
    });
    await worker.evaluate('Promise.all(self.pushes).then(() => {})');
  }

  async shown(): Promise<ShownNotification[]> {
    return (await this.#worker()).evaluate(
      'self.registration.getNotifications().then((all) => all.map(({ title, body, tag }) => ({ title, body, tag })))',
    );
  }

  /** Clicks the only notification. @returns the URL of the window it would open; undefined: none */
  async click(): Promise<string | undefined> {
    // A synthetic event may do everything that a real click may, except open windows and move the focus.
    const opened = await (await this.#worker()).evaluate(`
      self.registration.getNotifications().then(async ([notification]) => {
        const opening = new Promise((resolve) => {
          self.clients.openWindow = async (url) => resolve(url);
          self.clients.matchAll({ type: 'window', includeUncontrolled: true })
            .then((pages) => { if (pages.length > 0) resolve(''); });
        });
        self.addEventListener('error', (event) => event.preventDefault(), { once: true });
        self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
        return opening;
      })`);
    return (opened as string) || undefined;
  }

  /** Resolves when the worker has no page; it still knows a closed one for a moment, and shows nothing beside a visible one. */
  async pagesClosed(): Promise<void> {
    const worker = await this.#worker();
    const query = `self.clients.matchAll({ type: 'window', includeUncontrolled: true }).then(({ length }) => length)`;
    await waitUntil(async () => (await worker.evaluate(query)) === 0, { what: 'no page is open' });
  }

  async close(): Promise<void> {
    await this.#page.close();
  }

  async #worker(): Promise<Worker> {
    return this.#browser.serviceWorkers()[0] ?? this.#browser.waitForEvent('serviceworker');
  }
}
