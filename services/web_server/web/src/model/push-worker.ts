import type { SessionKey } from './session.js';

/** As sw.ts has them. */
const script = '/sw.js';
const mutedCache = 'teamtalk-push';
const mutedPath = '/muted';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

// The policy knows one address, whatever it is asked for: it cannot be used for another script.
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
let address: string | undefined;

/** The browser has what Web Push needs. It is there on https pages and on localhost only. */
export function hasWebPush(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
}

/** Starts the service worker, once for each browser. */
export async function startWorker(): Promise<ServiceWorkerRegistration> {
  address ??= policy
    ? policy.createPolicy('service-worker', { createScriptURL: () => script }).createScriptURL(script)
    : script;
  await navigator.serviceWorker.register(address);
  return navigator.serviceWorker.ready;
}

/** This browser's subscription; undefined: it has none. */
export async function currentSubscription(): Promise<PushSubscription | undefined> {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? undefined;
}

/** Whether a subscription is for messages that are signed with this key. */
export function isFor({ options }: PushSubscription, key: string): boolean {
  const own = options.applicationServerKey;
  return own !== null && base64Url(new Uint8Array(own)) === key;
}

/** Tells the service worker which conversations are silent in this browser. */
export async function tellMuted(keys: Iterable<SessionKey>): Promise<void> {
  const cache = await caches.open(mutedCache);
  await cache.put(mutedPath, new Response(JSON.stringify([...keys])));
}

export async function forgetMuted(): Promise<void> {
  await caches.delete(mutedCache);
}

/** Calls back with the conversation of a notification that was clicked. */
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
