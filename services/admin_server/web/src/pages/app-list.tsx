import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t, when } from '../text/text.js';
import { ListCard } from '../ui/list-card.js';
import { useLoad } from '../ui/load.js';
import { Badge } from '../ui/parts.js';
import { ShownOnce } from '../ui/shown-once.js';
import type { Column } from '../ui/table.js';
import { AppActions } from './app-actions.js';
import { AppDialog } from './app-dialog.js';

export type App = ApiReply<'listApps'>['apps'][number];

interface Key {
  readonly name: string;
  readonly key: string;
}

/** Systems that can call the HTTP API, and their keys. */
export function AppList() {
  const loaded = useLoad((signal) => call('listApps', undefined, signal), []);
  /** undefined: no dialog; null: a new app */
  const editing = useSignal<App | null | undefined>(undefined);
  const issued = useSignal<Key | undefined>(undefined);
  const show = (name: string, key: string) => {
    issued.value = { name, key };
  };
  const edit = (app: App | null | undefined) => {
    editing.value = app;
  };
  const columns: Column<App>[] = may('apps:write')
    ? [
        ...shownColumns(),
        {
          label: t('actions'),
          actions: true,
          cell: (app) => (
            <AppActions app={app} onEdit={() => edit(app)} onChanged={loaded.reload} onKey={show} />
          ),
        },
      ]
    : shownColumns();
  return (
    <>
      <ListCard
        title={t('apps.apps')}
        name="apps"
        add={may('apps:write') && t('app.new')}
        onAdd={() => edit(null)}
        of={loaded}
        rowsOf={({ apps }) => apps}
        keyOf={({ app_id }) => app_id}
        columns={columns}
        none={[t('apps.none'), t('apps.noneDo')]}
      />
      {editing.value !== undefined && (
        <AppDialog app={editing.value} onKey={show} onSaved={loaded.reload} onClose={() => edit(undefined)} />
      )}
      {issued.value && (
        <ShownOnce
          title={t('app.keyOf', { name: issued.value.name })}
          about={t('app.keyAbout')}
          secret={issued.value.key}
          onClose={() => {
            issued.value = undefined;
          }}
        />
      )}
    </>
  );
}

function shownColumns(): Column<App>[] {
  return [
    {
      label: t('name'),
      cell: (app) => (
        <>
          {app.name} <State {...app} />
        </>
      ),
    },
    { label: t('app.permissions'), cell: ({ permissions }) => permissions.join(', ') },
    { label: t('app.bounds'), cell: (app) => <Bounds {...app} /> },
    { label: t('app.used'), cell: ({ used_at }) => (used_at === null ? t('app.unused') : when(used_at)) },
    { label: t('app.keySet'), cell: ({ key_set_at }) => when(key_set_at) },
  ];
}

/** Where its calls may come from, as whom, how often, and how it proves who it is. */
function Bounds({ addresses, user_id: id, rate, signs }: App) {
  return (
    <ul>
      <li>{addresses.join(', ') || t('app.anywhere')}</li>
      <li>
        {id === null ? (
          t('app.anyUser')
        ) : (
          <a href={`#/users/${id}`}>{t('user.numbered', { id: String(id) })}</a>
        )}
      </li>
      {rate !== null && <li>{t('app.perSecond', { rate: count(rate) })}</li>}
      {signs && <li>{t('app.signed')}</li>}
    </ul>
  );
}

function State({ revoked_at, disabled }: App) {
  if (revoked_at === null) return null;
  if (disabled) return <Badge mood="warn">{t('app.disabled', { at: when(revoked_at) })}</Badge>;
  return <Badge mood="bad">{t('app.revoked', { at: when(revoked_at) })}</Badge>;
}
