import { readFileSync } from 'node:fs';

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');

/** The version of TeamTalk that this process is of: all packages have the same. */
export const { version } = JSON.parse(manifest) as { version: string };
