import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { me } from '../api/session.js';
import { t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Form, TextField } from '../ui/form.js';
import { Ready, useLoad } from '../ui/load.js';
import { NewPassword, newPasswordIn } from '../ui/new-password.js';
import { Badge, Card, Facts, Page } from '../ui/parts.js';
import { type Column, Table } from '../ui/table.js';
import { say } from '../ui/toast.js';
import { SecondFactor } from './second-factor.js';

type Session = ApiReply<'listOwnSessions'>['sessions'][number];

export function OwnAccount() {
  const who = me.value;
  if (!who) return null;
  return (
    <Page title={t('own')}>
      <Card>
        <Facts
          of={[
            [t('account.name'), who.name],
            [t('role'), t(`role.${who.role}`)],
            [t('own.until'), when(who.expires_at)],
            [t('own.idle'), t('own.idleMinutes', { minutes: who.idle_minutes })],
          ]}
        />
      </Card>
      <Sessions />
      <SecondFactor />
      <Password />
    </Page>
  );
}

function Sessions() {
  const loaded = useLoad((signal) => call('listOwnSessions', undefined, signal), []);
  const end = ({ session_id, address, user_agent }: Session) =>
    confirmThen({
      title: t('session.end'),
      text: t('session.endAsk', { address, browser: user_agent }),
      action: t('session.end'),
      danger: true,
      work: async () => {
        await call('endOwnSession', { params: { session_id } });
        say(t('session.ended'));
        loaded.reload();
      },
    });
  return (
    <Card flush title={t('sessions')}>
      <Ready of={loaded}>
        {({ sessions }) => (
          <Table
            caption={t('sessions')}
            saveAs="sessions"
            rows={sessions}
            keyOf={({ session_id }) => session_id}
            columns={columns(end)}
          />
        )}
      </Ready>
    </Card>
  );
}

function columns(end: (session: Session) => void): Column<Session>[] {
  return [
    {
      label: t('address'),
      cell: ({ address, current }) => (
        <>
          {address} {current && <Badge mood="info">{t('session.current')}</Badge>}
        </>
      ),
    },
    { label: t('session.browser'), cell: ({ user_agent }) => <span class="small">{user_agent}</span> },
    { label: t('since'), cell: ({ created_at }) => when(created_at) },
    { label: t('lastSeen'), cell: ({ seen_at }) => when(seen_at) },
    {
      label: t('actions'),
      actions: true,
      cell: (session) =>
        !session.current && (
          <button
            type="button"
            class="slim danger"
            aria-label={`${t('session.end')}: ${session.address} ${session.user_agent}`}
            onClick={() => end(session)}
          >
            {t('session.end')}
          </button>
        ),
    },
  ];
}

function Password() {
  /** key of the form; a new one clears the fields */
  const turn = useSignal(0);
  return (
    <Card title={t('own.password')}>
      <Form
        key={turn.value}
        class="form two"
        submit={t('own.changePassword')}
        onSubmit={async (values) => {
          const password = newPasswordIn(values);
          await call('changeOwnPassword', { body: { current: values.raw('current'), password } });
          say(t('own.passwordChanged'));
          turn.value++;
        }}
      >
        <TextField
          name="current"
          type="password"
          class="wide"
          label={t('own.current')}
          autocomplete="current-password"
          required
        />
        <NewPassword />
      </Form>
    </Card>
  );
}
