import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fitsUnpacked } from './excel-size.js';
import { readCells, UnreadableFile } from './user-file.js';
import { batchesOf, faultText, maxTableRows, readUserTable, tableProblemText } from './user-table.js';

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
const read = async (text: string) => readUserTable(await readCells(bytesOf(text)));

describe('a CSV file', () => {
  it('may have headings in English or Chinese; empty cells are left out', async () => {
    expect(await read('Login name,Real name,Telephone\r\nann,Ann A.,+86 10\r\nben,,\r\n')).toEqual([
      { row: 2, name: 'ann', real_name: 'Ann A.', tel: '+86 10' },
      { row: 3, name: 'ben' },
    ]);
    expect(await read('\uFEFF登录名;姓名;部门\nann;张三;公司/研发\n')).toEqual([
      { row: 2, name: 'ann', real_name: '张三', department: '公司/研发' },
    ]);
  });

  it('may be encoded in GB 18030, as Excel saves it in China', async () => {
    // 登录名,姓名 / ann,张三
    const bytes = Buffer.from('b5c7c2bcc3fb2cd0d5c3fb0a616e6e2cd5c5c8fd0a', 'hex');
    expect(readUserTable(await readCells(new Uint8Array(bytes)))).toEqual([
      { row: 2, name: 'ann', real_name: '张三' },
    ]);
  });

  it('may be an export of the console, whose extra columns and apostrophes are dropped', async () => {
    expect(await read(`ID,Login name,Telephone,has left\n7,ann,'+86 10,no\n`)).toEqual([
      { row: 2, name: 'ann', tel: '+86 10' },
    ]);
  });

  it('is numbered by row as in a spreadsheet, and empty rows are skipped', async () => {
    expect(await read('name\n\nann\n,\nben\n')).toEqual([
      { row: 3, name: 'ann' },
      { row: 5, name: 'ben' },
    ]);
    expect(await read('name,tel\n,110\n'), 'a row without a name is an error').toEqual([
      { row: 2, name: '', tel: '110' },
    ]);
  });

  it.each([
    ['', { problem: 'empty', column: '' }],
    ['name\n', { problem: 'empty', column: '' }],
    ['tel\n1\n', { problem: 'no-names', column: '' }],
    ['name,salary\na,1\n', { problem: 'unknown-column', column: 'salary' }],
    ['name,"a;b;c"\na,1\n', { problem: 'unknown-column', column: 'a;b;c' }],
    ['name,login\na,b\n', { problem: 'repeated-column', column: 'login' }],
    [`name\n${'a\n'.repeat(maxTableRows + 1)}`, { problem: 'too-many-rows', column: '' }],
  ] as const)('is refused with its problem', async (text, problem) => {
    const found = await read(text);
    expect(found).toEqual(problem);
    expect(tableProblemText(problem)).not.toBe('');
  });

  it('is refused when it is malformed', async () => {
    await expect(readCells(bytesOf('name\n"ann\n'))).rejects.toMatchObject({ reason: 'not-csv' });
  });
});

/** A ZIP archive. */
function zipOf(files: Readonly<Record<string, string>>, deflates = false): Uint8Array<ArrayBuffer> {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const [path, plain] = [Buffer.from(name), Buffer.from(text)];
    const content = deflates ? deflateRawSync(plain) : plain;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflates ? 8 : 0, 4);
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(plain.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, content]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), common, place, path]));
    parts.push(local);
    offset += local.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, entries, end]));
}

/** A file of Excel with one sheet. */
function excelOf(rows: readonly (readonly (string | number)[])[], more = ''): Uint8Array<ArrayBuffer> {
  const types = 'http://schemas.openxmlformats.org';
  const cell = (value: string | number, at: string) =>
    typeof value === 'number'
      ? `<c r="${at}"><v>${value}</v></c>`
      : `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`;
  const data = rows.map((row, i) => {
    const cells = row.map((value, k) => cell(value, `${String.fromCharCode(65 + k)}${i + 1}`));
    return `<row r="${i + 1}">${cells.join('')}</row>`;
  });
  const xml = (text: string) => `<?xml version="1.0" encoding="UTF-8"?>${text}`;
  const relation = (id: string, type: string, target: string) =>
    xml(
      `<Relationships xmlns="${types}/package/2006/relationships"><Relationship Id="${id}" Type="${types}/officeDocument/2006/relationships/${type}" Target="${target}"/></Relationships>`,
    );
  return zipOf({
    '[Content_Types].xml': xml(
      `<Types xmlns="${types}/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`,
    ),
    '_rels/.rels': relation('rId1', 'officeDocument', 'xl/workbook.xml'),
    'xl/workbook.xml': xml(
      `<workbook xmlns="${types}/spreadsheetml/2006/main" xmlns:r="${types}/officeDocument/2006/relationships"><sheets><sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    ),
    'xl/_rels/workbook.xml.rels': relation('rId1', 'worksheet', 'worksheets/sheet1.xml'),
    'xl/worksheets/sheet1.xml': xml(
      `<worksheet xmlns="${types}/spreadsheetml/2006/main"><sheetData>${data.join('')}${more}</sheetData></worksheet>`,
    ),
  });
}

describe('an .xlsx file', () => {
  it('is read from its first sheet, with every digit of a number', async () => {
    const bytes = excelOf([
      ['登录名', '姓名', '电话'],
      ['ann', '张三', 13800001111],
    ]);
    expect(readUserTable(await readCells(bytes))).toEqual([
      { row: 2, name: 'ann', real_name: '张三', tel: '13800001111' },
    ]);
  });

  it('is refused when it is not an Excel file', async () => {
    await expect(readCells(bytesOf('PK and nothing else'))).rejects.toBeInstanceOf(UnreadableFile);
    const old = new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0]);
    await expect(readCells(old)).rejects.toMatchObject({ reason: 'not-excel' });
  });
});

describe('an .xlsx file that grows when unpacked', () => {
  const cell = (attributes: string) => `<row><c ${attributes} t="inlineStr"><is><t>x</t></is></c></row>`;

  it.each([
    ['has a cell far to the right', cell('r="XFD1"')],
    ['has a cell far below', cell('r="A1048576"')],
    ['has a row far below', '<row r="1048576"><c><v>1</v></c></row>'],
    ['names an impossible column', cell(`r='ZZZZZZZ1'`)],
    ['hides a cell in character references', cell('r="&#90;&#90;&#90;&#90;1"')],
    ['hides a cell behind another attribute', cell('s=">" r="ZZZZ1"')],
  ])('that %s is refused before it is unpacked', async (_, more) => {
    await expect(readCells(excelOf([['name']], more))).rejects.toMatchObject({ reason: 'too-large' });
  });

  it('to hundreds of times its size is refused before it is unpacked', async () => {
    const bytes = zipOf({ 'xl/worksheets/sheet1.xml': ' '.repeat(1_000_000) }, true);
    expect(bytes.length).toBeLessThan(10_000);
    expect(await fitsUnpacked(bytes, 1_000_000)).toBe(true);
    expect(await fitsUnpacked(bytes, 999_999)).toBe(false);
    // First the directory claims 10 bytes, then a gigabyte.
    const size = Buffer.from(bytes.buffer).lastIndexOf('PK\x01\x02', undefined, 'latin1') + 24;
    const directory = new DataView(bytes.buffer);
    directory.setUint32(size, 10, true);
    expect(await fitsUnpacked(bytes, 999_999)).toBe(false);
    directory.setUint32(size, 2 ** 30, true);
    await expect(readCells(bytes)).rejects.toMatchObject({ reason: 'too-large' });
  });

  it('to an ordinary size is read', async () => {
    const rows = Array.from({ length: 3_000 }, (_, i) => [`u${i}`, i]);
    expect(await readCells(excelOf([['name', 'tel'], ...rows]))).toHaveLength(3_001);
  });
});

it('splits rows into batches by count and by size', () => {
  const rows = Array.from({ length: 1_200 }, (_, i) => ({ row: i + 2, name: `u${i}` }));
  expect([...batchesOf(rows)].map(({ length }) => length)).toEqual([500, 500, 200]);
  const long = rows.slice(0, 200).map((row) => ({ ...row, sign_info: '长'.repeat(1_000) }));
  expect([...batchesOf(long)].length).toBeGreaterThan(3);
});

it('describes what is wrong with a cell', () => {
  expect(faultText({ column: 'name', fault: 'repeated', value: '7' })).toBe('name: also in row 7');
});
