import { readCells } from '@teamtalk/administration/user-file';
import { expect, it } from 'vitest';
import { xlsxOf } from './xlsx.js';

async function written(rows: readonly (readonly (string | number)[])[]): Promise<string[][]> {
  return readCells(new Uint8Array(await (await xlsxOf(rows)).arrayBuffer()));
}

it('keeps numbers and texts unchanged, including texts that look like formulas', async () => {
  const rows = [
    ['login', 'name', 'tel', 'id'],
    ['=HYPERLINK("http://x")', '张三 <b>&amp;', '+86 10', 7],
    ['-x', 'two\nlines', '013800000000', 1_000_000],
    ['@y', '😀', "'z", 0.5],
  ];
  expect(await written(rows)).toEqual(rows.map((row) => row.map(String)));
});

it('removes characters that are invalid in XML, and truncates long texts', async () => {
  expect(await written([['a\u0000\u001b\ud800b', 'x'.repeat(40_000)]])).toEqual([['ab', 'x'.repeat(32_767)]]);
});

it('writes all rows', async () => {
  const rows = Array.from({ length: 5_001 }, (_, i) => [`user ${i}`, i]);
  expect(await written(rows)).toEqual(rows.map((row) => row.map(String)));
});

it('formats every text cell as text, so that editing it creates no formula', async () => {
  const { strFromU8, unzipSync } = await import('fflate');
  const files = unzipSync(new Uint8Array(await (await xlsxOf([['=1+1', 2]])).arrayBuffer()));
  const sheet = strFromU8(files['xl/worksheets/sheet1.xml'] as Uint8Array);
  expect(sheet).toContain(
    '<c r="A1" t="inlineStr" s="1"><is><t xml:space="preserve">=1+1</t></is></c><c r="B1"><v>2</v></c>',
  );
  expect(sheet).not.toContain('<f>');
});
