#!/usr/bin/env node
// The `teamtalk` command. Plain JavaScript, so that it can say what is missing before anything is built.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);

if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('teamtalk is not built yet: run `npm run setup` first.\n');
  process.exitCode = 1;
}
