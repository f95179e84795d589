import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { problemText } from './api/problem.js';
import { logOut, may, me } from './api/session.js';
import icon from './icon.svg';
import { destinations } from './pages/index.js';
import { t } from './text/text.js';
import { LanguageAndTheme } from './ui/choices.js';
import { route } from './ui/route.js';
import { say } from './ui/toast.js';

function Brand() {
  return (
    <div class="brand">
      <img src={icon} alt="" />
      TeamTalk
    </div>
  );
}

export function Shell({ children }: { children: ComponentChildren }) {
  const open = useSignal(false);
  const { path, visit } = route.value;
  useEffect(() => {
    open.value = false;
  }, [visit]);
  useEffect(() => {
    addEventListener('keydown', goToSearch);
    return () => removeEventListener('keydown', goToSearch);
  }, []);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        {t('skip')}
      </button>
      <header class="top">
        <Brand />
        <button
          type="button"
          aria-expanded={open.value}
          aria-controls="side"
          onClick={() => {
            open.value = !open.value;
          }}
        >
          {t('menu')}
        </button>
      </header>
      <div class="shell">
        <div class="side" id="side" data-open={open.value ? '' : undefined}>
          <Brand />
          <Destinations current={path[0] ?? ''} />
          <div class="side-foot">
            <LanguageAndTheme />
            <span class="who">
              <a href="#/own">{me.value?.name}</a>
              <span class="quiet small"> {me.value && t(`role.${me.value.role}`)}</span>
            </span>
            <button
              type="button"
              class="slim"
              onClick={() => void logOut().catch((error: unknown) => say(problemText(error)))}
            >
              {t('logOut')}
            </button>
          </div>
        </div>
        {children}
      </div>
    </>
  );
}

/** Moves the focus to the page's search field on `/`, unless the user is typing. */
function goToSearch(event: KeyboardEvent): void {
  const typing = event.target instanceof Element && event.target.closest('input, select, textarea, dialog');
  if (event.key !== '/' || typing) return;
  const search = document.querySelector<HTMLInputElement>('main input[type=search]');
  if (!search) return;
  event.preventDefault();
  search.focus();
}

function Destinations({ current }: { current: string }) {
  return (
    <nav aria-label={t('menu')}>
      <ul>
        {destinations
          .filter(({ needs, hidden }) => !hidden && (needs === undefined || may(needs)))
          .map(({ path, title }) => (
            <li key={path}>
              <a href={`#/${path}`} aria-current={path === current ? 'page' : undefined}>
                {t(title)}
              </a>
            </li>
          ))}
      </ul>
    </nav>
  );
}
