import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { ListCard } from '../ui/list-card.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Facts, Page } from '../ui/parts.js';
import type { Column } from '../ui/table.js';
import { say } from '../ui/toast.js';
import { EditRule, type Retention, type Rule } from './edit-rule.js';
import { Erasures } from './erasures.js';
import { MessageExports } from './exports.js';
import { SubjectDialog } from './subject-dialog.js';

type Hold = ApiReply<'listHolds'>['holds'][number];

/** Retention rules and legal holds. */
export function Lifecycle() {
  const retention = useLoad((signal) => call('getRetention', undefined, signal), []);
  const holds = useLoad((signal) => call('listHolds', undefined, signal), []);
  // undefined: no dialog; null: a new rule
  const editing = useSignal<Rule | null | undefined>(undefined);
  const placing = useSignal(false);
  return (
    <Page title={t('lifecycle')} about={t('lifecycle.about')}>
      <ListCard
        title={t('retention')}
        name="retention"
        add={may('lifecycle:write') && t('retention.new')}
        onAdd={() => {
          editing.value = null;
        }}
        of={retention}
        rowsOf={({ rules }) => rules}
        keyOf={({ rule_id }) => rule_id}
        columns={ruleColumns((rule) => {
          editing.value = rule;
        }, retention.reload)}
        none={[t('retention.none'), t('retention.noneDo')]}
      />
      <Card title={t('retention.run')}>
        <Ready of={retention}>{(loaded) => <Run {...loaded} />}</Ready>
      </Card>
      <ListCard
        title={t('holds')}
        name="holds"
        add={may('lifecycle:write') && t('hold.new')}
        onAdd={() => {
          placing.value = true;
        }}
        of={holds}
        rowsOf={(list) => list.holds}
        keyOf={({ hold_id }) => hold_id}
        columns={holdColumns(holds.reload)}
        none={[t('holds.none'), t('holds.noneDo')]}
      />
      <MessageExports />
      <Erasures />
      {editing.value !== undefined && (
        <EditRule
          rule={editing.value}
          onSaved={retention.reload}
          onClose={() => {
            editing.value = undefined;
          }}
        />
      )}
      {placing.value && (
        <SubjectDialog
          title={t('hold.new')}
          about={t('hold.about')}
          action={t('hold.place')}
          onSubmit={async (body, name) => {
            await call('placeHold', { body });
            say(t('hold.isPlaced', { name }));
            holds.reload();
          }}
          onClose={() => {
            placing.value = false;
          }}
        />
      )}
    </Page>
  );
}

function Run({ running, started_at, finished_at, removed, removed_ever }: Retention) {
  if (started_at === null) return <p class="quiet">{t('retention.runNone')}</p>;
  return (
    <Facts
      of={[
        [t('status'), running ? <Badge mood="info">{t('retention.running')}</Badge> : t('retention.waiting')],
        [t('retention.started'), when(started_at)],
        [t('retention.finished'), finished_at === null ? '' : when(finished_at)],
        [t('retention.removed'), count(removed)],
        [t('retention.removedEver'), count(removed_ever)],
      ]}
    />
  );
}

function nameOf({ scope, name, scope_id }: Rule): string {
  return scope === 'installation' ? t('scope.installation') : name || `#${scope_id}`;
}

function ruleColumns(edit: (rule: Rule) => void, onChanged: () => void): Column<Rule>[] {
  const shown: Column<Rule>[] = [
    {
      label: t('retention.of'),
      cell: (rule) => (
        <>
          {nameOf(rule)} {rule.scope !== 'installation' && <Badge>{t(`scope.${rule.scope}`)}</Badge>}
        </>
      ),
    },
    {
      label: t('retention.days'),
      cell: ({ days }) => (days === null ? t('retention.forever') : t('retention.daysOf', { days })),
    },
    {
      label: t('status'),
      cell: ({ effective_at }) =>
        Date.parse(effective_at) > Date.now() ? (
          <Badge mood="warn">{t('retention.from', { at: when(effective_at) })}</Badge>
        ) : (
          <Badge mood="good">{t('retention.inEffect')}</Badge>
        ),
    },
  ];
  if (!may('lifecycle:write')) return shown;
  const remove = (rule: Rule) =>
    confirmThen({
      title: t('retention.remove'),
      text: t('retention.removeAsk', { name: nameOf(rule) }),
      action: t('retention.remove'),
      danger: true,
      work: async () => {
        await call('removeRetention', { params: { rule_id: rule.rule_id } });
        say(t('saved'));
        onChanged();
      },
    });
  return [
    ...shown,
    {
      label: t('actions'),
      actions: true,
      cell: (rule) => (
        <>
          <button
            type="button"
            class="plain slim"
            aria-label={`${t('edit')}: ${nameOf(rule)}`}
            onClick={() => edit(rule)}
          >
            {t('edit')}
          </button>
          <button
            type="button"
            class="plain slim danger"
            aria-label={`${t('remove')}: ${nameOf(rule)}`}
            onClick={() => remove(rule)}
          >
            {t('remove')}
          </button>
        </>
      ),
    },
  ];
}

function holdColumns(onChanged: () => void): Column<Hold>[] {
  const shown: Column<Hold>[] = [
    {
      label: t('hold.subject'),
      cell: ({ user_id, group_id, name }) =>
        user_id === null ? (
          <a href={`#/groups/${group_id}`}>{name}</a>
        ) : (
          <a href={`#/users/${user_id}`}>{name}</a>
        ),
    },
    {
      label: t('hold.covers'),
      cell: ({ user_id }) => t(user_id === null ? 'hold.coversGroup' : 'hold.coversUser'),
    },
    { label: t('hold.reason'), cell: ({ reason }) => reason },
    {
      label: t('hold.placed'),
      cell: ({ placed_by, placed_at }) => (
        <>
          {when(placed_at)} <span class="quiet small">{placed_by}</span>
        </>
      ),
    },
  ];
  if (!may('lifecycle:write')) return shown;
  const release = ({ hold_id, name, reason }: Hold) =>
    confirmThen({
      title: t('hold.release'),
      text: t('hold.releaseAsk', { name, reason }),
      action: t('hold.release'),
      danger: true,
      work: async () => {
        await call('releaseHold', { params: { hold_id } });
        say(t('saved'));
        onChanged();
      },
    });
  return [
    ...shown,
    {
      label: t('actions'),
      actions: true,
      cell: (hold) => (
        <button
          type="button"
          class="plain slim danger"
          aria-label={`${t('hold.release')}: ${hold.name}`}
          onClick={() => release(hold)}
        >
          {t('hold.release')}
        </button>
      ),
    },
  ];
}
