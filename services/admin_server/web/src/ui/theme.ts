import { effect, signal } from '@preact/signals';
import { language } from '../text/text.js';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const storedAs = 'teamtalk-console-theme';
const stored = localStorage.getItem(storedAs) as Theme | null;

export const theme = signal<Theme>(stored && themes.includes(stored) ? stored : 'system');

/** Applies the chosen language and theme to the document. */
export function followChoices(): void {
  effect(() => {
    const root = document.documentElement;
    root.lang = language.value;
    if (theme.value === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme.value;
    localStorage.setItem(storedAs, theme.value);
  });
}
