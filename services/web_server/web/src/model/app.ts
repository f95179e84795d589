import { effect, signal } from '@preact/signals';
import { loadPageConfig, type PageConfig } from '../config.js';
import { Account } from './account.js';
import { failureOf, isTemporary, type LoginFailure, type SavedLogin, savedLogin } from './login.js';
import { askOtherTab, claimTab, tellOtherTabs, usersElsewhere } from './one-tab.js';
import { followClicks } from './push-worker.js';
import { sessionOfKey } from './session.js';

/** What the page displays. */
export type Screen =
  | { name: 'starting' }
  /** The page has loaded, but not the configuration with the server addresses. */
  | { name: 'broken' }
  | { name: 'login'; user: string; failure: LoginFailure | undefined; isBusy: boolean }
  /** After a reload: the login is saved, but the server does not accept it yet. */
  | { name: 'resuming'; failure: LoginFailure | undefined }
  | { name: 'main'; account: Account }
  | { name: 'kicked'; reason: number; login: SavedLogin }
  /** Another tab is the client. `login` is set if this tab was the client before. */
  | { name: 'elsewhere'; user: string; login: SavedLogin | undefined };

export const screen = signal<Screen>({ name: 'starting' });

const longestPauseMs = 30_000;
let config: PageConfig | undefined;
let releaseTab = () => {};

/** Shows the first screen. Never throws. */
export async function startApp(): Promise<void> {
  followTitle();
  followAddress();
  // Before a login, the conversation opens after the next login.
  followClicks((key) => {
    if (sessionOfKey(key)) location.hash = key;
  });
  document.addEventListener('visibilitychange', () => currentAccount()?.markRead());
  window.addEventListener('focus', () => currentAccount()?.markRead());
  window.addEventListener('beforeunload', (event) => {
    // Unsent messages are stored and the next page sends them, but an upload or a file transfer would be lost.
    const account = currentAccount();
    if (account?.sender.isUploading || account?.files?.isBusy) event.preventDefault();
  });
  try {
    config = await loadPageConfig();
  } catch (error) {
    console.error(error);
    screen.value = { name: 'broken' };
    return;
  }
  tellOtherTabs((user) => {
    const login = savedLogin.get();
    return currentAccount() && login?.name === user ? login : undefined;
  });
  const login = savedLogin.get();
  const [user] = login ? [] : await usersElsewhere();
  if (login) {
    if (await takeTab(login, false)) await resume(login);
  } else if (user !== undefined) {
    screen.value = { name: 'elsewhere', user, login: undefined };
  } else {
    showLogin();
  }
}

/** Makes this tab the user's client. @param takeOver whether to take the lock from another tab */
async function takeTab(login: SavedLogin, takeOver: boolean): Promise<boolean> {
  releaseTab();
  const release = await claimTab(login.name, takeOver, yieldTab);
  if (release) releaseTab = release;
  else screen.value = { name: 'elsewhere', user: login.name, login };
  return release !== undefined;
}

/** Moves the client from another tab to this one. */
export async function moveHere(user: string, known: SavedLogin | undefined): Promise<void> {
  const login = known ?? (await askOtherTab(user));
  if (!login) showLogin(user);
  else if (await takeTab(login, true)) await resume(login);
}

export function showLogin(user = '', failure?: LoginFailure): void {
  screen.value = { name: 'login', user, failure, isBusy: false };
}

export async function logIn(login: SavedLogin): Promise<void> {
  screen.value = { name: 'login', user: login.name, failure: undefined, isBusy: true };
  if (!(await takeTab(login, false))) return;
  const failure = await enter(login);
  if (!failure) return;
  releaseTab();
  showLogin(login.name, failure);
}

export async function logOut(): Promise<void> {
  const account = currentAccount();
  savedLogin.clear();
  history.replaceState(null, '', '#');
  showLogin();
  const release = releaseTab;
  await account?.logOut();
  release();
}

/** Logs in with the saved login, and retries until the server accepts or refuses it. */
export async function resume(login: SavedLogin): Promise<void> {
  screen.value = { name: 'resuming', failure: undefined };
  for (let pauseMs = 1_000; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const failure = await enter(login);
    if (!failure) return;
    if (!isTemporary(failure)) {
      savedLogin.clear();
      releaseTab();
      showLogin(login.name, failure);
      return;
    }
    screen.value = { name: 'resuming', failure };
    await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())));
    if (screen.value.name !== 'resuming') return;
  }
}

/** @returns why the login failed; undefined: it succeeded */
async function enter(login: SavedLogin): Promise<LoginFailure | undefined> {
  try {
    const account = await Account.open(config!, login, {
      onKicked: (reason) => {
        savedLogin.clear();
        if (reason === 2) currentAccount()?.forget();
        screen.value = { name: 'kicked', reason, login };
      },
      onRefused: (error) => {
        savedLogin.clear();
        releaseTab();
        showLogin(login.name, failureOf(error));
      },
    });
    // Another tab may have taken over in the meantime.
    if (screen.value.name === 'elsewhere') {
      await account.close();
      return undefined;
    }
    savedLogin.set(login);
    const session = sessionOfKey(location.hash.slice(1));
    if (session) void account.open(session);
    screen.value = { name: 'main', account };
    return undefined;
  } catch (error) {
    console.warn('login failed:', error);
    return failureOf(error);
  }
}

/** Called when another tab has become the client. */
function yieldTab(): void {
  const account = currentAccount();
  const login = savedLogin.get();
  screen.value = { name: 'elsewhere', user: login?.name ?? '', login };
  void account?.close();
}

function currentAccount(): Account | undefined {
  return screen.value.name === 'main' ? screen.value.account : undefined;
}

/** Shows the number of unread messages in the title, which is visible while the tab is in the background. */
function followTitle(): void {
  effect(() => {
    const unread = screen.value.name === 'main' ? screen.value.account.state.unreadTotal.value : 0;
    document.title = unread > 0 ? `(${unread}) TeamTalk` : 'TeamTalk';
  });
}

/** Keeps the open conversation in the URL: the back button closes it, and a reload opens it again. */
function followAddress(): void {
  window.addEventListener('hashchange', openFromAddress);
  effect(() => {
    const account = currentAccount();
    if (!account) return;
    const hash = `#${account.state.openChat.value?.key ?? ''}`;
    if (hash !== (location.hash || '#')) history.pushState(null, '', hash);
  });
  window.addEventListener('popstate', openFromAddress);
}

function openFromAddress(): void {
  const account = currentAccount();
  if (!account) return;
  const session = sessionOfKey(location.hash.slice(1));
  if (session) void account.open(session);
  else account.closeChat();
}
