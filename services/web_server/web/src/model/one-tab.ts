import type { SavedLogin } from './login.js';

/**
 * One tab of a browser at a time is the client of a user; two would log each other out. Browsers have locks on https pages and
 * on localhost only; elsewhere every tab is told that it is the one.
 */
const lockPrefix = 'teamtalk-client ';
const channelName = 'teamtalk-client';
/** A page that is reloaded has the lock for a moment longer. */
const timeoutMs = 1_000;

type Word = { asks: string } | { tells: string; login: SavedLogin };

/**
 * @param takeOver from the tab that has it
 * @param onLost another tab has taken over
 * @returns what ends it; undefined when another tab is the user's client
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

/** Who is logged in in other tabs. */
export async function usersElsewhere(): Promise<string[]> {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(lockPrefix));
  return names.map((name) => name.slice(lockPrefix.length));
}

/** Answers tabs that want to take over. @param loginOf the login, if this tab is that user's client */
export function tellOtherTabs(loginOf: (user: string) => SavedLogin | undefined): void {
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener('message', ({ data }: MessageEvent<Word>) => {
    if (!('asks' in data)) return;
    const login = loginOf(data.asks);
    if (login) channel.postMessage({ tells: data.asks, login } satisfies Word);
  });
}

/** Asks the tab that is the user's client for the login. @returns undefined when it does not answer */
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
