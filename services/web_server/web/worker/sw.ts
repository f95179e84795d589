// The service worker: shows Web Push messages while no page is open. It caches nothing and answers no requests.
declare const self: ServiceWorkerGlobalScope;

export {};

/** The payload that push_server sends (docs/guides/push.md#web-push-and-unifiedpush). */
interface PushedMessage {
  title?: string;
  body?: string;
  badge: number;
  /** Set when the conversation has been read elsewhere. */
  withdrawn?: boolean;
  from_id: number;
  group_id?: number;
}

/** The cache in which the page stores muted conversations: workers cannot read localStorage. */
const mutedCache = 'teamtalk-push';
const mutedPath = '/muted';

let last: Promise<void> = Promise.resolve();

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('push', (event) => {
  const { data } = event;
  if (!data) return;
  // One after another: Chromium forgets a notification that is listed while it is being shown.
  last = last.catch(() => {}).then(() => take(data.json() as PushedMessage));
  event.waitUntil(last);
});
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.tag));
});

async function take(message: PushedMessage): Promise<void> {
  const key = message.group_id === undefined ? `u${message.from_id}` : `g${message.group_id}`;
  await self.navigator.setAppBadge?.(message.badge).catch(() => {});
  if (message.withdrawn) {
    for (const shown of await self.registration.getNotifications({ tag: key })) shown.close();
    return;
  }
  const { title, body } = message;
  if (title === undefined || body === undefined) return;
  if ((await isPageVisible()) || (await isMuted(key))) return;
  // The page's own notifications use the same tags, so that nothing is shown twice.
  await self.registration.showNotification(title, { body, tag: key, renotify: true } as NotificationOptions);
}

async function isPageVisible(): Promise<boolean> {
  return (await pages()).some(({ visibilityState }) => visibilityState === 'visible');
}

async function isMuted(key: string): Promise<boolean> {
  const muted = await (await self.caches.open(mutedCache)).match(mutedPath);
  return muted !== undefined && ((await muted.json()) as string[]).includes(key);
}

/** Opens a conversation in an existing page or in a new one. */
async function open(key: string): Promise<void> {
  const [page, ...others] = await pages();
  if (!page) {
    await self.clients.openWindow(`/#${key}`);
    return;
  }
  for (const each of [page, ...others]) each.postMessage({ open: key });
  await page.focus().catch(() => {});
}

/** Open pages of this server, the most recently focused first. */
function pages(): Promise<readonly WindowClient[]> {
  return self.clients.matchAll({ type: 'window', includeUncontrolled: true });
}
