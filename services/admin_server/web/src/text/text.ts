import { signal } from '@preact/signals';
import { en } from './en.js';
import { zh } from './zh-cn.js';

export const languages = { en: 'English', 'zh-CN': '简体中文' } as const;
export type Language = keyof typeof languages;
type Key = keyof typeof en;

/** The names of a text's placeholders. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
type Args<K extends Key> = [Names<(typeof en)[K]>] extends [never]
  ? []
  : [values: Readonly<Record<Names<(typeof en)[K]>, string | number>>];

/** The keys of texts without placeholders. */
export type PlainKey = { [K in Key]: [Names<(typeof en)[K]>] extends [never] ? K : never }[Key];

const texts: Readonly<Record<Language, Readonly<Record<Key, string>>>> = { en, 'zh-CN': zh };
const storedAs = 'teamtalk-console-language';

export const language = signal<Language>(chosenBefore());

function chosenBefore(): Language {
  const stored = globalThis.localStorage?.getItem(storedAs);
  if (stored === 'en' || stored === 'zh-CN') return stored;
  return globalThis.navigator?.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

export function choose(wanted: Language): void {
  language.value = wanted;
  localStorage.setItem(storedAs, wanted);
}

/** A text in the chosen language, with its placeholders filled in. */
export function t<K extends Key>(key: K, ...args: Args<K>): string {
  const text = texts[language.value][key];
  const [values] = args as readonly (Readonly<Record<string, string | number>> | undefined)[];
  return values ? text.replace(/\{(\w+)\}/g, (_, name: string) => format(values[name])) : text;
}

function format(value: string | number | undefined): string {
  return typeof value === 'number' ? count(value) : (value ?? '');
}

export function has(key: string): key is Key {
  return key in en;
}

/** The text of a key built at run time, or `otherwise` if there is no such key. */
export function tOr(key: string, otherwise: string): string {
  return has(key) ? texts[language.value][key] : otherwise;
}

/** As `tOr`, with values for the text's placeholders. */
export function filled(
  key: string,
  values: Readonly<Record<string, string | number>>,
  otherwise: string,
): string {
  if (!has(key)) return otherwise;
  return texts[language.value][key].replace(/\{(\w+)\}/g, (_, name: string) => format(values[name]));
}

export function count(value: number): string {
  return new Intl.NumberFormat(language.value).format(value);
}

/** @param moment RFC 3339 */
export function when(moment: string, timeStyle: 'short' | 'medium' = 'short'): string {
  return new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeStyle }).format(new Date(moment));
}
