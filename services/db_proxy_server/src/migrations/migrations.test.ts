import { readdirSync } from 'node:fs';
import type { QueryRunner } from 'typeorm';
import { expect, test } from 'vitest';
import { migrations } from './index.js';
import type { Migration } from './migration.js';
import { sqlFunction } from './sql-function.js';

const takesAway =
  /\b(DROP|RENAME|TRUNCATE)\b|\bSET NOT NULL\b|\bALTER COLUMN \w+ (SET DATA )?TYPE\b|\bADD (CONSTRAINT|CHECK|UNIQUE)\b|\bADD COLUMN\b(?![^,;]*\bDEFAULT\b)[^,;]*\bNOT NULL\b/i;

/** The statements of `up`. */
async function statementsOf(migration: Migration): Promise<string[]> {
  const texts: string[] = [];
  const query = async (text: string) => void texts.push(text);
  await migration.up({ query } as unknown as QueryRunner);
  return texts;
}

test.each(migrations.map((each) => new each() as Migration))(
  '$name says so when it takes something away',
  async (migration) => {
    const texts = await statementsOf(migration);
    // Function bodies and comments are not statements of the migration.
    const statements = texts.join(';\n').replaceAll(/\$(\w*)\$[\s\S]*?\$\1\$|^--.*$/gm, '');
    const taken = takesAway.exec(statements)?.[0];
    if (taken) expect(migration.needs, `${taken}: see docs/guides/upgrades.md`).toBeTypeOf('number');
  },
);

test('the migrations bring each version of each SQL function once, in order', async () => {
  const texts = (await Promise.all(migrations.map((each) => statementsOf(new each())))).flat();
  const files = readdirSync(new URL('../../sql/', import.meta.url));
  const names = new Set(files.map((file) => file.replace(/\.v\d+\.sql$/, '')));
  expect(names.size).toBeGreaterThan(0);
  for (const name of names) {
    const versions = files
      .filter((file) => file.startsWith(`${name}.`))
      .map((_, i) => sqlFunction(name, i + 1));
    expect(texts.filter((text) => versions.includes(text))).toEqual(versions);
  }
});
