/** Steps of `teamtalk import` by their codes, in the words in which it prints and records them. */
export const importSteps = {
  accounts: 'accounts',
  'accounts-read': 'accounts, tables',
  answers: 'asking both servers, users',
  following: 'following',
  images: 'images, files',
  looking: 'looking through the old store, steps',
  'messages-read': 'messages read',
  'messages-sorted': 'messages sorted, parts',
  'offline-files': 'offline files, MB',
  state: 'state, Redis keys',
  'verify-conversations': 'verifying, conversations',
  'verify-images': 'verifying, files of msfs',
  'verify-lists': 'verifying, groups, departments, tokens',
  'verify-messages': 'verifying, messages there and here',
  'verify-offline-files': 'verifying, offline files',
  'verify-users': 'verifying, users',
} as const;

export type ImportStep = keyof typeof importSteps;

const codes = new Map(
  Object.entries(importSteps).map(([code, words]) => [words as string, code as ImportStep]),
);

/** The code of a step; undefined: another version's. */
export function importStepOf(words: string): ImportStep | undefined {
  return codes.get(words);
}
