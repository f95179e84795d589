import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { ListCard } from '../ui/list-card.js';
import { useLoad } from '../ui/load.js';
import { Badge } from '../ui/parts.js';
import type { Column } from '../ui/table.js';
import { say } from '../ui/toast.js';
import { SubjectDialog } from './subject-dialog.js';

type MessageExport = ApiReply<'listExports'>['exports'][number];

/** Exports of messages, each of which needs the approval of a second person. */
export function MessageExports() {
  const exports = useLoad((signal) => call('listExports', undefined, signal), []);
  const asking = useSignal(false);
  return (
    <>
      <ListCard
        title={t('exports')}
        name="exports"
        add={may('lifecycle:write') && t('export.new')}
        onAdd={() => {
          asking.value = true;
        }}
        of={exports}
        rowsOf={(list) => list.exports}
        keyOf={({ export_id }) => export_id}
        columns={columns(exports.reload)}
        none={[t('exports.none'), t('exports.noneDo')]}
      />
      {asking.value && (
        <SubjectDialog
          title={t('export.new')}
          about={t('export.about')}
          action={t('export.request')}
          onSubmit={async (body) => {
            await call('requestExport', { body });
            say(t('export.requested'));
            exports.reload();
          }}
          onClose={() => {
            asking.value = false;
          }}
        />
      )}
    </>
  );
}

function columns(onChanged: () => void): Column<MessageExport>[] {
  const approve = ({ export_id, name, requested_by: who }: MessageExport) =>
    confirmThen({
      title: t('export.approve'),
      text: t('export.approveAsk', { name, who }),
      action: t('export.approve'),
      work: async () => {
        await call('approveExport', { params: { export_id } });
        say(t('saved'));
        onChanged();
      },
    });
  return [
    {
      label: t('hold.subject'),
      cell: ({ user_id, group_id, name }) => (
        <a href={user_id === null ? `#/groups/${group_id}` : `#/users/${user_id}`}>{name}</a>
      ),
    },
    { label: t('hold.reason'), cell: ({ reason }) => reason },
    {
      label: t('export.requestedBy'),
      cell: ({ requested_by, requested_at }) => (
        <>
          {requested_by} <span class="quiet small">{when(requested_at)}</span>
        </>
      ),
    },
    { label: t('status'), cell: (each) => <Status {...each} /> },
    {
      label: t('actions'),
      actions: true,
      cell: (each) =>
        may('lifecycle:write') &&
        each.approved_by === null &&
        !each.own && (
          <button
            type="button"
            class="plain slim"
            aria-label={`${t('export.approve')}: ${each.name}`}
            onClick={() => approve(each)}
          >
            {t('export.approve')}
          </button>
        ),
    },
  ];
}

function Status({ export_id, approved_by, expires_at, written_at, messages, manifest_hash }: MessageExport) {
  if (approved_by === null || expires_at === null) {
    return <Badge mood="warn">{t('export.waits')}</Badge>;
  }
  return (
    <>
      {written_at === null ? (
        <Badge mood="info">{t('export.approved', { who: approved_by })}</Badge>
      ) : (
        <Badge mood="good">
          {t('export.written', { count: count(messages ?? 0), at: when(written_at) })}
        </Badge>
      )}
      {manifest_hash && <div class="code small">{manifest_hash}</div>}
      {Date.parse(expires_at) > Date.now() && (
        <div class="small">
          <code>teamtalk export write {export_id} …</code>
        </div>
      )}
    </>
  );
}
