import type { SessionKey } from './session.js';

/** The address of worker/sw.ts after the build. */
const script = '/sw.js';
const mutedCache = 'teamtalk-push';
const mutedPath = '/muted';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

// The Trusted Types policy returns this address whatever its input, so that it cannot load another script.
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
let address: string | undefined;

/** Whether the browser supports Web Push. Browsers offer it only on HTTPS pages and on localhost. */
export function hasWebPush(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
}

/** Registers the service worker; later calls reuse the registration. */
export async function startWorker(): Promise<ServiceWorkerRegistration> {
  address ??= policy
    ? policy.createPolicy('service-worker', { createScriptURL: () => script }).createScriptURL(script)
    : script;
  await navigator.serviceWorker.register(address);
  return navigator.serviceWorker.ready;
}

/** This browser's push subscription, if any. */
export async function currentSubscription(): Promise<PushSubscription | undefined> {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? undefined;
}

/** Whether a subscription accepts messages that are signed with this key. */
export function isFor({ options }: PushSubscription, key: string): boolean {
  const own = options.applicationServerKey;
  return own !== null && base64Url(new Uint8Array(own)) === key;
}

/** Tells the service worker which conversations are muted in this browser. */
export async function tellMuted(keys: Iterable<SessionKey>): Promise<void> {
  const cache = await caches.open(mutedCache);
  await cache.put(mutedPath, new Response(JSON.stringify([...keys])));
}

export async function forgetMuted(): Promise<void> {
  await caches.delete(mutedCache);
}

/** Calls `onClick` with the conversation when a notification is clicked. */
export function followClicks(onClick: (key: string) => void): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ open?: unknown }>) => {
    if (typeof data?.open === 'string') onClick(data.open);
  });
  navigator.serviceWorker.startMessages();
}

function base64Url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
