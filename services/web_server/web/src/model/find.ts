import type { ShownMessage } from './content.js';

/** The ids of messages whose text contains the words, newest first. Case is ignored. */
export function messagesWith(messages: readonly ShownMessage[], words: string): number[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return [];
  return messages
    .filter(({ content }) => content.kind === 'text' && content.text.toLowerCase().includes(wanted))
    .map(({ id }) => id)
    .reverse();
}
