import { computed } from '@preact/signals';
import { language } from '../preferences.js';
import { type Dictionary, en } from './en.js';
import { zh } from './zh.js';

/** The texts in the user's language. */
export const t = computed<Dictionary>(() => (language.value === 'zh' ? zh : en));
