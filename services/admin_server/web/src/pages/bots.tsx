import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Dialog } from '../ui/dialog.js';
import { Form, TextField } from '../ui/form.js';
import { ListCard } from '../ui/list-card.js';
import { useLoad } from '../ui/load.js';
import { Badge, Page } from '../ui/parts.js';
import { RowAction } from '../ui/row-action.js';
import { ShownOnce } from '../ui/shown-once.js';
import type { Column } from '../ui/table.js';
import { say } from '../ui/toast.js';
import { HookList } from './hooks.js';

export type Bot = ApiReply<'listBots'>['bots'][number];

interface Token {
  readonly name: string;
  readonly token: string;
}

/** Users that are programs, and the URLs through which others let them speak. */
export function Bots() {
  const loaded = useLoad((signal) => call('listBots', undefined, signal), []);
  const isAdding = useSignal(false);
  const issued = useSignal<Token | undefined>(undefined);
  const show = (name: string, token: string) => {
    issued.value = { name, token };
    loaded.reload();
  };
  const close = () => {
    isAdding.value = false;
  };
  return (
    <Page title={t('bots')} about={t('bots.about')}>
      <ListCard
        title={t('bots.bots')}
        name="bots"
        add={may('apps:write') && t('bot.new')}
        onAdd={() => {
          isAdding.value = true;
        }}
        of={loaded}
        rowsOf={({ bots }) => bots}
        keyOf={({ user_id }) => user_id}
        columns={columns(show, loaded.reload)}
        none={[t('bots.none'), t('bots.noneDo')]}
      />
      <HookList bots={loaded.data?.bots ?? []} />
      {isAdding.value && <NewBot onToken={show} onClose={close} />}
      {issued.value && (
        <ShownOnce
          title={t('bot.tokenOf', { name: issued.value.name })}
          about={t('bot.tokenAbout')}
          secret={issued.value.token}
          onClose={() => {
            issued.value = undefined;
          }}
        />
      )}
    </Page>
  );
}

function columns(show: (name: string, token: string) => void, reload: () => void): Column<Bot>[] {
  const shown: Column<Bot>[] = [
    {
      label: t('name'),
      cell: ({ user_id, name, nick_name }) => (
        <>
          <a href={`#/users/${user_id}`}>{nick_name || name}</a> <span class="quiet small">{name}</span>
        </>
      ),
    },
    { label: t('status'), cell: (bot) => <State {...bot} /> },
    {
      label: t('bot.tokenSet'),
      cell: ({ token_set_at }) => (token_set_at === null ? '–' : when(token_set_at)),
    },
  ];
  if (!may('apps:write')) return shown;
  return [
    ...shown,
    { label: t('actions'), actions: true, cell: (bot) => <Actions bot={bot} show={show} reload={reload} /> },
  ];
}

function State({ disabled, token_set_at }: Bot) {
  if (disabled) return <Badge mood="bad">{t('user.left')}</Badge>;
  if (token_set_at === null) return <Badge mood="warn">{t('bot.noToken')}</Badge>;
  return <Badge mood="good">{t('bot.active')}</Badge>;
}

interface ActionsProps {
  readonly bot: Bot;
  readonly show: (name: string, token: string) => void;
  readonly reload: () => void;
}

function Actions({ bot: { user_id, name, token_set_at }, show, reload }: ActionsProps) {
  const params = { user_id };
  const renew = () =>
    confirmThen({
      title: t('bot.renew'),
      text: t('bot.renewAsk', { name }),
      action: t('bot.renew'),
      work: async () => show(name, (await call('renewBotToken', { params })).token),
    });
  const revoke = () =>
    confirmThen({
      title: t('bot.revoke'),
      text: t('bot.revokeAsk', { name }),
      action: t('bot.revoke'),
      danger: true,
      work: async () => {
        await call('revokeBotToken', { params });
        say(t('bot.revoked', { name }));
        reload();
      },
    });
  return (
    <>
      <RowAction label={t('bot.renew')} name={name} onClick={renew} />
      {token_set_at !== null && <RowAction label={t('bot.revoke')} name={name} danger onClick={revoke} />}
    </>
  );
}

interface NewBotProps {
  readonly onToken: (name: string, token: string) => void;
  readonly onClose: () => void;
}

function NewBot({ onToken, onClose }: NewBotProps) {
  return (
    <Dialog title={t('bot.new')} onClose={onClose}>
      <Form
        submit={t('bot.create')}
        onCancel={onClose}
        onSubmit={async (values) => {
          const name = values.text('name');
          const body = { name, nick_name: values.text('nick_name') };
          const { token } = await call('createBot', { body });
          onClose();
          onToken(name, token);
        }}
      >
        <TextField name="name" label={t('user.login')} maxLength={64} required autofocus />
        <TextField name="nick_name" label={t('user.nick')} hint={t('bot.nickHint')} maxLength={64} />
      </Form>
    </Dialog>
  );
}
