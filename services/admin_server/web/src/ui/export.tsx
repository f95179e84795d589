import { useSignal } from '@preact/signals';
import { problemText } from '../api/problem.js';
import { t } from '../text/text.js';
import { csvOf } from './csv.js';
import { download } from './download.js';
import type { Batch } from './load.js';
import { say } from './toast.js';

const maxRows = 200_000;

interface ExportProps<Row> {
  /** file name without extension */
  readonly name: string;
  /** what is saved, for buttons below one of several lists; left out: the page’s only list */
  readonly of?: string;
  readonly load: (after: number | undefined) => Promise<Batch<Row>>;
  /** the header row; a function: known only when it is saved */
  readonly header: readonly string[] | (() => readonly string[]);
  readonly cells: (row: Row) => readonly (string | number)[];
}

const formats = ['csv', 'xlsx'] as const;
type Format = (typeof formats)[number];

/** Buttons that save all rows of a filtered list as CSV or .xlsx. */
export function Export<Row>({ name, of, load, header, cells }: ExportProps<Row>) {
  const style = of === undefined ? undefined : 'plain slim';
  const done = useSignal<number | undefined>(undefined);
  const save = async (format: Format) => {
    const rows: (readonly (string | number)[])[] = [typeof header === 'function' ? header() : header];
    try {
      let after: number | undefined;
      do {
        done.value = rows.length - 1;
        const batch = await load(after);
        rows.push(...batch.rows.map(cells));
        after = batch.next ?? undefined;
      } while (after !== undefined && rows.length <= maxRows);
      await saveAs(`${name}.${format}`, rows, format);
      say(t('exported', { count: rows.length - 1 }));
    } catch (error) {
      say(problemText(error));
    } finally {
      done.value = undefined;
    }
  };
  if (done.value !== undefined) {
    return (
      <button type="button" class={style} disabled>
        {t('exporting', { count: done.value })}
      </button>
    );
  }
  return formats.map((format) => (
    <button
      key={format}
      type="button"
      class={style}
      aria-label={of === undefined ? undefined : `${t(`export.${format}`)}: ${of}`}
      onClick={() => void save(format)}
    >
      {t(`export.${format}`)}
    </button>
  ));
}

async function saveAs(
  fileName: string,
  rows: readonly (readonly (string | number)[])[],
  format: Format,
): Promise<void> {
  if (format === 'csv') return download(fileName, csvOf(rows), 'text/csv');
  const { xlsxOf, xlsxType } = await import('./xlsx.js');
  download(fileName, await xlsxOf(rows), xlsxType);
}
