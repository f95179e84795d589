import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { v1Document } from './openapi.js';
import { operations } from './operations.js';

const page = path.resolve(import.meta.dirname, '../../../../docs/reference/openapi.json');

it('docs/reference/openapi.json is what the schemas say (UPDATE_DOCS=1 regenerates it)', async () => {
  const text = `${JSON.stringify(v1Document(operations), null, 2)}\n`;
  if (process.env.UPDATE_DOCS) await writeFile(page, text);
  else expect(await readFile(page, 'utf8')).toBe(text);
});

it('every operation has a name of its own and documents what it takes', () => {
  const ids = operations.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
