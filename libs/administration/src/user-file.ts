// Reads the cells of a file. Browsers load this module on demand, because its parsers are large.
import { parse } from 'csv-parse/browser/esm/sync';
import { readSheet } from 'read-excel-file/universal';
import { fitsUnpacked } from './excel-size.js';
import { maxTableRows } from './user-table.js';

/** Largest file, bytes. */
export const maxFileBytes = 20 * 1024 * 1024;

/** The file cannot be read; `reason` says why. */
export class UnreadableFile extends Error {
  readonly reason: 'too-large' | 'not-excel' | 'not-csv';

  constructor(reason: UnreadableFile['reason'], cause?: unknown) {
    super(`file cannot be read: ${reason}`, { cause });
    this.reason = reason;
  }
}

/**
 * Reads the cells of an .xlsx file's first sheet, or of a CSV file: in UTF-8, or GB 18030 as Excel saves it in China, with
 * commas, semicolons or tabs.
 * @throws UnreadableFile
 */
export async function readCells(bytes: Uint8Array<ArrayBuffer>): Promise<string[][]> {
  if (bytes.length > maxFileBytes) throw new UnreadableFile('too-large');
  // A ZIP archive (.xlsx), or the format of older versions of Excel.
  if (startsWith(bytes, [0x50, 0x4b])) return readExcel(bytes);
  if (startsWith(bytes, [0xd0, 0xcf, 0x11, 0xe0])) throw new UnreadableFile('not-excel');
  return readCsv(textOf(bytes));
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

async function readExcel(bytes: Uint8Array<ArrayBuffer>): Promise<string[][]> {
  const fits = await fitsUnpacked(bytes).catch((error: unknown) => {
    throw new UnreadableFile('not-excel', error);
  });
  if (!fits) throw new UnreadableFile('too-large');
  try {
    // Kept as text: converting telephone numbers to numbers would lose digits.
    const rows = await readSheet(new Blob([bytes]), { parseNumber: (text: string) => text });
    return rows.map((row) => row.map(cellText));
  } catch (error) {
    throw new UnreadableFile('not-excel', error);
  }
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  return cell instanceof Date ? cell.toISOString().slice(0, 10) : String(cell);
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

function readCsv(text: string): string[][] {
  // Without quoted headings, which may contain other delimiters.
  const [first = ''] = text.replaceAll(/"[^"]*"/g, '').split(/\r\n|\n|\r/, 1);
  const delimiter = [',', ';', '\t'].reduce((best, each) =>
    first.split(each).length > first.split(best).length ? each : best,
  );
  try {
    return parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: false,
      // One row more than allowed, so that a file that is too long is noticed.
      to: maxTableRows + 2,
    });
  } catch (error) {
    throw new UnreadableFile('not-csv', error);
  }
}
