import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t, when } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { download } from '../ui/download.js';
import { Form, TextField } from '../ui/form.js';
import { ListCard } from '../ui/list-card.js';
import { useLoad } from '../ui/load.js';
import { Badge } from '../ui/parts.js';
import type { Column } from '../ui/table.js';
import { say } from '../ui/toast.js';
import { callName, type User } from './user-name.js';
import { UserPicker } from './user-picker.js';

type Erasure = ApiReply<'listErasures'>['erasures'][number];

/** Milliseconds between updates of the progress. */
const everyMs = 5_000;

/** Erasures of people, with their certificates. */
export function Erasures() {
  const erasures = useLoad((signal) => call('listErasures', undefined, signal), [], everyMs);
  const asking = useSignal(false);
  return (
    <>
      <ListCard
        title={t('erasures')}
        name="erasures"
        add={may('lifecycle:write') && t('erasure.new')}
        onAdd={() => {
          asking.value = true;
        }}
        of={erasures}
        rowsOf={(list) => list.erasures}
        keyOf={({ erasure_id }) => erasure_id}
        columns={columns()}
        none={[t('erasures.none'), t('erasures.noneDo')]}
      />
      {asking.value && (
        <Erase
          onAsked={erasures.reload}
          onClose={() => {
            asking.value = false;
          }}
        />
      )}
    </>
  );
}

function columns(): Column<Erasure>[] {
  return [
    { label: t('hold.person'), cell: ({ user_id, name }) => <a href={`#/users/${user_id}`}>{name}</a> },
    { label: t('hold.reason'), cell: ({ reason }) => reason },
    {
      label: t('status'),
      cell: ({ finished_at }) =>
        finished_at === null ? (
          <Badge mood="info">{t('retention.running')}</Badge>
        ) : (
          <>
            <Badge mood="good">{t('erasure.done')}</Badge> {when(finished_at)}
          </>
        ),
    },
    { label: t('erasure.messages'), cell: ({ messages }) => count(messages), number: true },
    {
      label: t('erasure.held'),
      cell: ({ held }) => (held > 0 ? <Badge mood="warn">{count(held)}</Badge> : '0'),
      number: true,
    },
    {
      label: t('actions'),
      actions: true,
      cell: (erasure) =>
        erasure.finished_at !== null && (
          <button
            type="button"
            class="plain slim"
            aria-label={`${t('erasure.certificate')}: ${erasure.name}`}
            onClick={() =>
              download(
                `erasure-${erasure.erasure_id}.json`,
                `${JSON.stringify(erasure, null, 2)}\n`,
                'application/json',
              )
            }
          >
            {t('erasure.certificate')}
          </button>
        ),
    },
  ];
}

function Erase({ onAsked, onClose }: { readonly onAsked: () => void; readonly onClose: () => void }) {
  const user = useSignal<User | undefined>(undefined);
  const chosen = user.value;
  return (
    <Dialog title={t('erasure.new')} onClose={onClose}>
      {chosen ? (
        <Form
          submit={t('erasure.do')}
          onCancel={onClose}
          onSubmit={async (values) => {
            await call('eraseUser', { body: { user_id: chosen.user_id, reason: values.text('reason') } });
            say(t('erasure.begun'));
            onAsked();
            onClose();
          }}
        >
          <p class="notice bad">{t('erasure.ask', { name: callName(chosen) })}</p>
          <TextField
            name="reason"
            label={t('hold.reason')}
            hint={t('erasure.reasonHint')}
            maxLength={200}
            required
            autofocus
          />
        </Form>
      ) : (
        <>
          <p class="quiet small">{t('erasure.about')}</p>
          <UserPicker
            label={t('hold.person')}
            status="left"
            action={t('choose')}
            onPick={(picked) => {
              user.value = picked;
            }}
          />
        </>
      )}
    </Dialog>
  );
}
