// Reads the cells of a file. For browsers, too; loaded when it is needed, since it is large.
import { parse } from 'csv-parse/browser/esm/sync';
import { readSheet } from 'read-excel-file/universal';
import { maxTableRows } from './user-table.js';

/** Largest file, bytes. */
export const maxFileBytes = 20 * 1024 * 1024;

/** The file cannot be read, for this reason. */
export class UnreadableFile extends Error {
  readonly reason: 'too-large' | 'not-excel' | 'not-csv';

  constructor(reason: UnreadableFile['reason'], cause?: unknown) {
    super(`file cannot be read: ${reason}`, { cause });
    this.reason = reason;
  }
}

/**
 * The cells of the first sheet of an .xlsx file, or of a CSV file: in UTF-8, or GB 18030 as Excel saves it in China, with
 * commas, semicolons or tabs.
 * @throws UnreadableFile
 */
export async function readCells(bytes: Uint8Array<ArrayBuffer>): Promise<string[][]> {
  if (bytes.length > maxFileBytes) throw new UnreadableFile('too-large');
  // A ZIP archive, or the file of an older Excel.
  if (startsWith(bytes, [0x50, 0x4b])) return readExcel(bytes);
  if (startsWith(bytes, [0xd0, 0xcf, 0x11, 0xe0])) throw new UnreadableFile('not-excel');
  return readCsv(textOf(bytes));
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

async function readExcel(bytes: Uint8Array<ArrayBuffer>): Promise<string[][]> {
  try {
    // Numbers as they are written: of telephone numbers every digit counts.
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
  const [first = ''] = text.split(/\r\n|\n|\r/, 1);
  const delimiter = [',', ';', '\t'].reduce((best, each) =>
    first.split(each).length > first.split(best).length ? each : best,
  );
  try {
    return parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: false,
      // One more than is taken, so that it is noticed.
      to: maxTableRows + 2,
    });
  } catch (error) {
    throw new UnreadableFile('not-csv', error);
  }
}
