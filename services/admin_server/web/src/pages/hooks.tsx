import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { ListCard } from '../ui/list-card.js';
import { useLoad } from '../ui/load.js';
import { RowAction } from '../ui/row-action.js';
import { ShownOnce } from '../ui/shown-once.js';
import type { Column } from '../ui/table.js';
import { say } from '../ui/toast.js';
import type { Bot } from './bots.js';
import { NewHook } from './new-hook.js';

type Hook = ApiReply<'listHooks'>['hooks'][number];

/** URLs that a bot forwards posts of to a user or a group. */
export function HookList({ bots }: { bots: readonly Bot[] }) {
  const loaded = useLoad((signal) => call('listHooks', undefined, signal), []);
  const isAdding = useSignal(false);
  const issued = useSignal<{ name: string; path: string } | undefined>(undefined);
  const remove = ({ hook_id, name }: Hook) =>
    confirmThen({
      title: t('hook.remove'),
      text: t('hook.removeAsk', { name }),
      action: t('remove'),
      danger: true,
      work: async () => {
        await call('deleteHook', { params: { hook_id } });
        say(t('hook.removed', { name }));
        loaded.reload();
      },
    });
  return (
    <>
      <ListCard
        title={t('hooks')}
        name="hooks"
        add={may('apps:write') && bots.length > 0 && t('hook.new')}
        onAdd={() => {
          isAdding.value = true;
        }}
        of={loaded}
        rowsOf={({ hooks }) => hooks}
        keyOf={({ hook_id }) => hook_id}
        columns={columns(bots, remove)}
        none={[t('hooks.none'), t('hooks.noneDo')]}
      />
      {isAdding.value && (
        <NewHook
          bots={bots}
          onPath={(name, path) => {
            issued.value = { name, path };
            loaded.reload();
          }}
          onClose={() => {
            isAdding.value = false;
          }}
        />
      )}
      {issued.value && (
        <ShownOnce
          title={t('hook.pathOf', { name: issued.value.name })}
          about={t('hook.pathAbout')}
          secret={issued.value.path}
          onClose={() => {
            issued.value = undefined;
          }}
        />
      )}
    </>
  );
}

function columns(bots: readonly Bot[], remove: (hook: Hook) => void): Column<Hook>[] {
  const shown: Column<Hook>[] = [
    { label: t('name'), cell: ({ name }) => name },
    {
      label: t('hook.bot'),
      cell: ({ bot_id }) => bots.find(({ user_id }) => user_id === bot_id)?.name ?? String(bot_id),
    },
    {
      label: t('hook.to'),
      cell: ({ user_id, group_id, any_receiver }) => (
        <>
          {group_id === null ? (
            <a href={`#/users/${user_id}`}>{t('user.numbered', { id: String(user_id) })}</a>
          ) : (
            <a href={`#/groups/${group_id}`}>{t('group.numbered', { id: String(group_id) })}</a>
          )}{' '}
          {any_receiver && <span class="quiet small">{t('hook.orOther')}</span>}
        </>
      ),
    },
    { label: t('hook.rate'), cell: ({ rate }) => count(rate), number: true },
  ];
  if (!may('apps:write')) return shown;
  return [
    ...shown,
    {
      label: t('actions'),
      actions: true,
      cell: (hook) => <RowAction label={t('remove')} name={hook.name} danger onClick={() => remove(hook)} />,
    },
  ];
}
