import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { costs, slopeOf } from './costs.js';
import { sources } from './describe.js';
import { memoryBase } from './memory.js';

const top = fileURLToPath(new URL('../../../../', import.meta.url));

describe('costs', () => {
  it.each([...sources(), ...Object.values(memoryBase).map(({ source }) => source)])(
    'are quoted from $page: $quote',
    async ({ page, quote }) => {
      const text = await readFile(path.join(top, page), 'utf8');
      expect(text.replaceAll(/\s+/g, ' ')).toContain(quote);
    },
  );

  it('match the quoted rows', () => {
    const { slow, fast } = costs.message;
    for (const { cpu, source } of [slow, fast, costs.login]) {
      for (const figure of Object.values(cpu)) {
        expect(source.quote, `${figure}`).toMatch(
          new RegExp(`[ |]${String(figure).replace('.', '\\.')}(\\.0)? \\|`),
        );
      }
    }
  });

  it('name existing commands', async () => {
    const { scripts } = JSON.parse(await readFile(path.join(top, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const commands = sources().flatMap(({ command }) => command ?? []);
    expect(commands.length).toBeGreaterThan(8);
    for (const command of commands)
      expect(scripts).toHaveProperty(/^npm run (\w+) -- /.exec(command)?.[1] ?? command);
  });
});

describe('slopeOf', () => {
  it('finds the cost of a transaction and of a message', () => {
    // 100 transactions of 300 µs and 1,000 messages of 20 µs: 50 µs a message. 50 of them and 10,000: 21.5 µs.
    const slow = { perSecond: 1_000, transactions: 100, cpu: 50 };
    const fast = { perSecond: 10_000, transactions: 50, cpu: 21.5 };
    const { perTransaction, perMessage } = slopeOf(slow, fast);
    expect(perTransaction).toBeCloseTo(300);
    expect(perMessage).toBeCloseTo(20);
  });

  it('never has a negative part', () => {
    const slow = { perSecond: 1_000, transactions: 100, cpu: 50 };
    expect(slopeOf(slow, { perSecond: 10_000, transactions: 100, cpu: 1 })).toEqual({
      perTransaction: 500,
      perMessage: 0,
    });
  });
});
