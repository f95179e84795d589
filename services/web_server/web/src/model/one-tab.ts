import type { SavedLogin } from './login.js';

/**
 * One tab of a browser at a time is a user's client, since two would log each other out. Browsers have locks only on HTTPS
 * pages and on localhost; elsewhere every tab acts as the client.
 */
const lockPrefix = 'teamtalk-client ';
const channelName = 'teamtalk-client';
/** A reloaded page holds the lock a moment longer. */
const timeoutMs = 1_000;

type Word = { asks: string } | { tells: string; login: SavedLogin };

/**
 * @param takeOver whether to take the lock from the tab that holds it
 * @param onLost called when another tab has taken over
 * @returns a function that releases the lock; undefined: another tab is the user's client
 */
export function claimTab(
  user: string,
  takeOver: boolean,
  onLost: () => void,
): Promise<(() => void) | undefined> {
  if (!navigator.locks) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    let isHeld = false;
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), timeoutMs);
    const hold = () => {
      clearTimeout(timer);
      return new Promise<void>((release) => {
        isHeld = true;
        resolve(() => {
          isHeld = false;
          release();
        });
      });
    };
    navigator.locks
      .request(lockPrefix + user, takeOver ? { steal: true } : { signal: waiting.signal }, hold)
      .catch(() => {
        if (isHeld) onLost();
        resolve(undefined);
      });
  });
}

/** The users who are logged in in other tabs. */
export async function usersElsewhere(): Promise<string[]> {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(lockPrefix));
  return names.map((name) => name.slice(lockPrefix.length));
}

/** Answers tabs that want to take over. @param loginOf returns the login if this tab is the user's client */
export function tellOtherTabs(loginOf: (user: string) => SavedLogin | undefined): void {
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener('message', ({ data }: MessageEvent<Word>) => {
    if (!('asks' in data)) return;
    const login = loginOf(data.asks);
    if (login) channel.postMessage({ tells: data.asks, login } satisfies Word);
  });
}

/** Asks the tab that is the user's client for the login. @returns undefined: no tab answered */
export function askOtherTab(user: string): Promise<SavedLogin | undefined> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(channelName);
    const finish = (login?: SavedLogin) => {
      clearTimeout(timer);
      channel.close();
      resolve(login);
    };
    const timer = setTimeout(finish, timeoutMs);
    channel.addEventListener('message', ({ data }: MessageEvent<Word>) => {
      if ('tells' in data && data.tells === user) finish(data.login);
    });
    channel.postMessage({ asks: user } satisfies Word);
  });
}
