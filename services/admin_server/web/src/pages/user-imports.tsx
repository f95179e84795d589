import { useSignal } from '@preact/signals';
import {
  batchesOf,
  readUserTable,
  type TableProblem,
  type TableRow,
  userColumns,
} from '@teamtalk/administration/user-table';
import { useId } from 'preact/hooks';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { ApiProblem, problemText } from '../api/problem.js';
import { count, t, when } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty, type Mood, Page } from '../ui/parts.js';
import { goTo } from '../ui/route.js';
import { type Column, Table } from '../ui/table.js';

export type UserImport = ApiReply<'getUserImport'>;

const moods: Readonly<Record<UserImport['state'], Mood>> = {
  checked: 'info',
  running: 'warn',
  done: 'good',
  undoing: 'warn',
  undone: '',
};

export function ImportState({ of: { state } }: { of: UserImport }) {
  return <Badge mood={moods[state]}>{t(`import.state.${state}`)}</Badge>;
}

/** What an import is called: its file, or the kind of bulk change. */
export function importTitle({ kind, file_name }: UserImport): string {
  return kind === 'file' ? file_name : t(`import.kind.${kind}`);
}

/** Retries a call that exceeds the rate limit. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 20; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.kind !== 'too-many-calls' || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** Imports of users. A file is checked row by row before anything changes. */
export function UserImports() {
  const imports = useLoad(async (signal) => (await call('listUserImports', undefined, signal)).imports, []);
  return (
    <Page title={t('imports')} about={t('imports.about')}>
      <div class="stack">
        <Card title={t('import.new')}>
          <ChooseFile />
        </Card>
        <Card title={t('import.former')} flush>
          <Ready of={imports}>
            {(rows) =>
              rows.length > 0 ? (
                <Table
                  caption={t('import.former')}
                  saveAs="imports"
                  rows={rows}
                  keyOf={({ import_id }) => import_id}
                  columns={columns()}
                />
              ) : (
                <Empty title={t('imports.none')}>{t('imports.noneDo')}</Empty>
              )
            }
          </Ready>
        </Card>
      </div>
    </Page>
  );
}

function columns(): Column<UserImport>[] {
  return [
    {
      label: t('import.file'),
      cell: (each) => <a href={`#/users/import/${each.import_id}`}>{importTitle(each)}</a>,
    },
    { label: t('import.at'), cell: ({ created_at }) => when(created_at) },
    { label: t('import.by'), cell: ({ created_by }) => created_by },
    { label: t('import.rows'), cell: ({ rows }) => count(rows), number: true },
    { label: t('status'), cell: (each) => <ImportState of={each} /> },
  ];
}

function ChooseFile() {
  const id = useId();
  const progress = useSignal<string | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);

  async function check(file: File): Promise<void> {
    failure.value = undefined;
    progress.value = t('import.reading');
    try {
      const read = await readFile(file);
      if (typeof read === 'string') failure.value = read;
      else goTo(`users/import/${await upload(file.name, read)}`);
    } catch (error) {
      failure.value = problemText(error);
    } finally {
      progress.value = undefined;
    }
  }

  /** @returns the id of the import */
  async function upload(fileName: string, rows: readonly TableRow[]): Promise<number> {
    const begun = await patiently(() =>
      call('createUserImport', { body: { file_name: fileName.slice(0, 256) || '-' } }),
    );
    const params = { import_id: begun.import_id };
    let done = 0;
    for (const batch of batchesOf(rows)) {
      await patiently(() => call('addUserImportRows', { params, body: { rows: batch } }));
      done += batch.length;
      progress.value = t('import.checking', { done, total: rows.length });
    }
    return begun.import_id;
  }

  return (
    <div class="form">
      <div class="field">
        <label for={id}>{t('import.choose')}</label>
        <input
          id={id}
          name="file"
          type="file"
          accept=".csv,.xlsx,text/csv"
          disabled={progress.value !== undefined}
          onChange={(event) => {
            const input = event.currentTarget;
            const [file] = input.files ?? [];
            // The input is cleared afterwards, so that the same file can be chosen again.
            if (!file) return;
            void check(file).finally(() => {
              input.value = '';
            });
          }}
        />
        <span class="hint">{t('import.columns', { columns: userColumns.join(', ') })}</span>
        <span class="hint">{t('import.hint')}</span>
      </div>
      {progress.value && <p role="status">{progress.value}</p>}
      {failure.value && (
        <p class="notice bad" role="alert">
          {failure.value}
        </p>
      )}
    </div>
  );
}

/** @returns the rows, or a text saying why the file cannot be read */
async function readFile(file: File): Promise<TableRow[] | string> {
  // Loaded on demand, since few visits read a file.
  const { maxFileBytes, readCells, UnreadableFile } = await import('@teamtalk/administration/user-file');
  if (file.size > maxFileBytes) return t('import.unreadable.too-large');
  try {
    const table = readUserTable(await readCells(new Uint8Array(await file.arrayBuffer())));
    return Array.isArray(table) ? table : problemIn(table);
  } catch (error) {
    if (error instanceof UnreadableFile) return t(`import.unreadable.${error.reason}`);
    throw error;
  }
}

function problemIn({ problem, column }: TableProblem): string {
  if (problem === 'unknown-column') return t('import.problem.unknown-column', { column });
  if (problem === 'repeated-column') return t('import.problem.repeated-column', { column });
  return t(`import.problem.${problem}`);
}
