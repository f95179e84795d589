import { effect, signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
export type Language = 'en' | 'zh';

const storageKey = 'teamtalk-preferences';

interface Saved {
  theme?: Theme;
  language?: Language;
  notifications?: boolean;
}

function load(): Saved {
  try {
    return Object(JSON.parse(localStorage.getItem(storageKey) ?? '{}')) as Saved;
  } catch {
    return {};
  }
}

const saved = load();

/** The user's preferences in this browser. */
export const theme = signal<Theme>(saved.theme === 'light' || saved.theme === 'dark' ? saved.theme : 'auto');
export const language = signal<Language>(
  saved.language === 'en' || saved.language === 'zh'
    ? saved.language
    : navigator.language.startsWith('zh')
      ? 'zh'
      : 'en',
);
export const notifications = signal(saved.notifications ?? true);

/** Stores the preferences and applies theme and language to the page. */
export function applyPreferences(): void {
  effect(() => {
    const root = document.documentElement;
    root.dataset.theme = theme.value;
    root.lang = language.value === 'zh' ? 'zh-CN' : 'en';
    const now: Saved = {
      theme: theme.value,
      language: language.value,
      notifications: notifications.value,
    };
    try {
      localStorage.setItem(storageKey, JSON.stringify(now));
    } catch {
      // The browser refuses storage: the preferences last until the page is closed.
    }
  });
}
