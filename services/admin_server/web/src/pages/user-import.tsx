import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t, tOr, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Export } from '../ui/export.js';
import { Select } from '../ui/form.js';
import { type Loaded, More, Ready, useLoad, usePages } from '../ui/load.js';
import { Card, Empty, Facts, Page } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';
import { say } from '../ui/toast.js';
import { ImportPasswords } from './import-passwords.js';
import { useDepartments } from './use-departments.js';
import { ImportState, importTitle, patiently, type UserImport } from './user-imports.js';

type Row = ApiReply<'listUserImportRows'>['rows'][number];

const outcomes = ['create', 'change', 'leave', 'same', 'error'] as const;

export function UserImportPage({ importId }: { importId: number }) {
  const params = { import_id: importId };
  const found = useLoad((signal) => call('getUserImport', { params }, signal), [importId]);
  return <Ready of={found}>{(shown) => <Details shown={shown} loaded={found} />}</Ready>;
}

function Details({ shown, loaded }: { shown: UserImport; loaded: Loaded<UserImport> }) {
  const { kind, rows, creates, changes, leaves, same, errors, done, pending, undone, kept } = shown;
  return (
    <Page
      title={importTitle(shown)}
      about={
        <>
          {t('import.checkedBy', { by: shown.created_by, at: when(shown.created_at) })}{' '}
          <ImportState of={shown} />
        </>
      }
      actions={<Actions shown={shown} loaded={loaded} />}
    >
      <div class="stack">
        <Card title={t('import.result')}>
          <Facts
            of={[
              ...(kind === 'move' ? ([[t('bulk.to'), <Target key="to" shown={shown} />]] as const) : []),
              ...(kind === 'leave'
                ? ([[t('user.leaveGroups'), <Target key="to" shown={shown} />]] as const)
                : []),
              [t('import.rows'), String(rows)],
              ...(kind === 'file' ? ([[t('import.outcome.create'), String(creates)]] as const) : []),
              ...(kind === 'leave'
                ? ([[t('import.outcome.leave'), String(leaves)]] as const)
                : ([[t('import.outcome.change'), String(changes)]] as const)),
              [t('import.outcome.same'), String(same)],
              [t('import.outcome.error'), String(errors)],
              [t('import.done'), String(done)],
              ...(pending > 0 ? ([[t('import.pending'), String(pending)]] as const) : []),
              ...(undone > 0
                ? ([
                    [t('import.undone'), String(undone)],
                    [t('import.kept'), String(kept)],
                  ] as const)
                : []),
            ]}
          />
        </Card>
        <Rows shown={shown} />
      </div>
    </Page>
  );
}

/** Where a bulk change moves users, or what it does with the groups of leavers. */
function Target({ shown: { kind, department_id, keep_groups, successor_id } }: { shown: UserImport }) {
  const departments = useDepartments();
  if (kind === 'move') return <>{departments.data?.fullNameOf(department_id) || t('department.none')}</>;
  if (keep_groups) return <>{t('user.leaveGroups.keep')}</>;
  if (successor_id === null) return <>{t('user.leaveGroups.longest')}</>;
  return (
    <>
      {t('user.leaveGroups.chosen')}: <a href={`#/users/${successor_id}`}>{`#${successor_id}`}</a>
    </>
  );
}

function Actions({ shown, loaded }: { shown: UserImport; loaded: Loaded<UserImport> }) {
  const busy = useSignal(false);
  const issuing = useSignal(false);
  const { kind, state, creates, changes, leaves, done, errors } = shown;
  const params = { import_id: shown.import_id };

  async function untilOver(id: 'runUserImport' | 'undoUserImport', during: UserImport['state']) {
    busy.value = true;
    try {
      for (;;) {
        const now = await patiently(() => call(id, { params }));
        loaded.replace(now);
        if (now.state !== during) return now;
      }
    } finally {
      busy.value = false;
    }
  }

  const runText = {
    file: t('import.runAsk', { creates, changes, errors }),
    move: t('bulk.moveAsk', { count: changes, errors }),
    leave: t('bulk.leaveAsk', { count: leaves }),
  }[kind];
  const runLabel = kind === 'file' ? t('import.run') : t(`bulk.${kind}Run`);
  const run = () =>
    confirmThen({
      title: runLabel,
      text: runText,
      action: runLabel,
      danger: kind === 'leave',
      work: async () => {
        const now = await untilOver('runUserImport', 'running');
        say(kind === 'leave' ? t('bulk.left', { count: now.done }) : t('import.ran', { count: now.done }));
      },
    });
  const undo = () =>
    confirmThen({
      title: t('import.undo'),
      text:
        kind === 'file' ? t('import.undoAsk', { count: done }) : t(`bulk.${kind}UndoAsk`, { count: done }),
      action: t('import.undo'),
      danger: true,
      work: async () => {
        const now = await untilOver('undoUserImport', 'undoing');
        say(t('import.undid', { count: now.undone }));
      },
    });
  const canRun = state === 'running' || (state === 'checked' && creates + changes + leaves > 0);
  const canIssue = (state === 'running' || state === 'done') && creates > 0 && may('users:reset-password');
  const canUndo = state === 'undoing' || ((state === 'running' || state === 'done') && done > 0);
  return (
    <>
      {canRun && (
        <button type="button" class="main" disabled={busy.value} onClick={run}>
          {state === 'running' ? t('import.continue') : runLabel}
        </button>
      )}
      {canIssue && (
        <button
          type="button"
          disabled={busy.value}
          onClick={() => {
            issuing.value = true;
          }}
        >
          {t('import.passwords')}
        </button>
      )}
      {issuing.value && (
        <ImportPasswords
          importId={shown.import_id}
          onClose={() => {
            issuing.value = false;
          }}
        />
      )}
      {canUndo && (
        <button type="button" class="danger" disabled={busy.value} onClick={undo}>
          {t('import.undo')}
        </button>
      )}
    </>
  );
}

function Rows({ shown }: { shown: UserImport }) {
  const outcome = useSignal<string>(shown.kind === 'file' && shown.errors > 0 ? 'error' : '');
  const params = { import_id: shown.import_id };
  const load = async (limit: number, after?: number, signal?: AbortSignal) => {
    const query = { limit, after, outcome: outcomes.find((each) => each === outcome.value) };
    return call('listUserImportRows', { params, query }, signal);
  };
  const rows = usePages(
    (after, signal) => load(100, after, signal),
    [outcome.value, shown.state, shown.done, shown.undone],
  );
  return (
    <Card
      title={t('import.rows')}
      flush
      actions={
        <Export
          name="import"
          load={(after) => load(1_000, after)}
          header={[t('import.row'), t('user.login'), t('import.outcome'), t('import.faults')]}
          cells={(row) => [row.row, row.name, t(`import.outcome.${row.outcome}`), faultsOf(row).join('; ')]}
        />
      }
    >
      <div class="filters">
        <Select
          name="outcome"
          label={t('import.outcome')}
          value={outcome.value}
          options={[
            { value: '', label: t('import.outcome.any') },
            ...outcomes.map((value) => ({ value, label: t(`import.outcome.${value}`) })),
          ]}
          onChange={(value) => {
            outcome.value = value;
          }}
        />
      </div>
      <Ready of={rows}>
        {({ rows: listed }) =>
          listed.length > 0 ? (
            <Table
              caption={t('import.rows')}
              rows={listed}
              keyOf={({ row }) => row}
              columns={columns()}
              busy={rows.busy}
            />
          ) : (
            <Empty title={t('import.noRows')}>{t('import.noRowsDo')}</Empty>
          )
        }
      </Ready>
      <More of={rows} />
    </Card>
  );
}

function columns(): Column<Row>[] {
  return [
    { label: t('import.row'), cell: ({ row }) => String(row) },
    {
      label: t('user.login'),
      cell: ({ name, user_id }) => (user_id === null ? name : <a href={`#/users/${user_id}`}>{name}</a>),
    },
    { label: t('import.outcome'), cell: ({ outcome }) => t(`import.outcome.${outcome}`) },
    {
      label: t('import.faults'),
      cell: (row) => (
        <>
          {faultsOf(row).map((text) => (
            <div key={text}>{text}</div>
          ))}
        </>
      ),
    },
  ];
}

/** Texts for what is wrong with a row, by column. */
function faultsOf({ faults }: Row): string[] {
  return faults.map(({ column, fault, value, detail }) => {
    const text = tOr(`import.fault.${fault}`, detail).replace('{value}', () => value);
    return `${tOr(`import.column.${column}`, column)}: ${text}`;
  });
}
