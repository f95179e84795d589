// Loaded on demand, since few visits save a file.
import { strToU8, Zip, ZipDeflate } from 'fflate';

/** Rows compressed before yielding to the event loop, so that the page stays responsive. */
const rowsAtOnce = 2_000;

/** Longest text of a cell in Excel, characters. */
const maxCell = 32_767;

const namespace = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packaged = 'http://schemas.openxmlformats.org/package/2006';
const sheetType = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

export const xlsxType = `${sheetType}.sheet`;

/** The parts of a workbook besides its one sheet. Style 1 is the number format “Text”. */
const parts = {
  '[Content_Types].xml': `<Types xmlns="${packaged}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="${sheetType}.sheet.main+xml"/>
<Override PartName="/xl/styles.xml" ContentType="${sheetType}.styles+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${sheetType}.worksheet+xml"/></Types>`,
  '_rels/.rels': `<Relationships xmlns="${packaged}/relationships">
<Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  'xl/workbook.xml': `<workbook xmlns="${namespace}" xmlns:r="${relations}">
<sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${packaged}/relationships">
<Relationship Id="rId1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
  'xl/styles.xml': `<styleSheet xmlns="${namespace}"><fonts count="1"><font/></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`,
};

/**
 * Rows as an .xlsx file of one sheet. No text is a formula or becomes one when its cell is edited. Texts that are too long for
 * Excel are truncated.
 */
export async function xlsxOf(rows: readonly (readonly (string | number)[])[]): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  });
  for (const [name, text] of Object.entries(parts)) add(zip, name).push(strToU8(text), true);
  const sheet = add(zip, 'xl/worksheets/sheet1.xml');
  sheet.push(strToU8(`<worksheet xmlns="${namespace}"><sheetData>`));
  for (let first = 0; first < rows.length; first += rowsAtOnce) {
    const some = rows.slice(first, first + rowsAtOnce).map((values, i) => row(values, first + i + 1));
    sheet.push(strToU8(some.join('')));
    await new Promise((resolve) => setTimeout(resolve));
  }
  sheet.push(strToU8('</sheetData></worksheet>'), true);
  zip.end();
  return new Blob(chunks, { type: xlsxType });
}

function add(zip: Zip, name: string): ZipDeflate {
  const file = new ZipDeflate(name);
  zip.add(file);
  return file;
}

/** @param number from 1 */
function row(values: readonly (string | number)[], number: number): string {
  return `<row r="${number}">${values.map((value, column) => cell(value, `${letters(column)}${number}`)).join('')}</row>`;
}

function cell(value: string | number, address: string): string {
  if (typeof value === 'number') return `<c r="${address}"><v>${value}</v></c>`;
  const text = value
    .slice(0, maxCell)
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '');
  const shown = text.replaceAll(/[&<>]/g, escaped);
  return `<c r="${address}" t="inlineStr" s="1"><is><t xml:space="preserve">${shown}</t></is></c>`;
}

/** The letters of a column: A to Z, then AA. @param column from 0, below 702 */
function letters(column: number): string {
  const last = String.fromCharCode(65 + (column % 26));
  return column < 26 ? last : letters(Math.floor(column / 26) - 1) + last;
}

function escaped(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}
