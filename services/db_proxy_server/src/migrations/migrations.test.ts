import type { QueryRunner } from 'typeorm';
import { expect, test } from 'vitest';
import { migrations } from './index.js';
import type { Migration } from './migration.js';

const takesAway =
  /\b(DROP|RENAME|TRUNCATE)\b|\bSET NOT NULL\b|\bALTER COLUMN \w+ (SET DATA )?TYPE\b|\bADD (CONSTRAINT|CHECK|UNIQUE)\b|\bADD COLUMN\b(?![^,;]*\bDEFAULT\b)[^,;]*\bNOT NULL\b/i;

test.each(migrations.map((each) => new each() as Migration))(
  '$name says so when it takes something away',
  async (migration) => {
    const texts: string[] = [];
    const query = async (text: string) => void texts.push(text);
    await migration.up({ query } as unknown as QueryRunner);
    // Function bodies are not statements of the migration.
    const statements = texts.join(';\n').replaceAll(/\$(\w*)\$[\s\S]*?\$\1\$/g, '');
    const taken = takesAway.exec(statements)?.[0];
    if (taken) expect(migration.needs, `${taken}: see docs/guides/upgrades.md`).toBeTypeOf('number');
  },
);
