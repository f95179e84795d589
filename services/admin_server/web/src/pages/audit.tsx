import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { problemText } from '../api/problem.js';
import { filled, t, tOr, when } from '../text/text.js';
import { Export } from '../ui/export.js';
import { Select, TextField } from '../ui/form.js';
import { More, Ready, usePages, useSettled } from '../ui/load.js';
import { Card, Empty, Page } from '../ui/parts.js';
import { replaceQuery, route } from '../ui/route.js';
import { type Column, Table } from '../ui/table.js';
import { Changes } from './audit-changes.js';

type Event = ApiReply<'listAuditEvents'>['events'][number];

/** Prefixes of verbs. */
const subjects = [
  'user.',
  'view.',
  'department.',
  'group.',
  'discovery.',
  'broadcast.',
  'session.',
  'retention.',
  'hold.',
  'erasure.',
  'export.',
  'account.',
  'app.',
  'bot.',
  'hook.',
  'webhook.',
  'device.',
  'credential.',
  'import.',
] as const;

export function Audit() {
  const { query } = route.peek();
  const verb = useSignal(query.get('verb') ?? '');
  const actor = useSignal(query.get('actor') ?? '');
  const resource = useSignal(query.get('resource') ?? '');
  const wanted = {
    verb: verb.value,
    actor: useSettled(actor.value.trim()),
    resource: useSettled(resource.value.trim()),
  };
  const inputs = Object.values(wanted);
  const load = async (limit: number, before?: number, signal?: AbortSignal) => {
    const { events: rows, next } = await call(
      'listAuditEvents',
      {
        query: {
          limit,
          before,
          verb: wanted.verb || undefined,
          actor: wanted.actor || undefined,
          resource: wanted.resource || undefined,
        },
      },
      signal,
    );
    return { rows, next };
  };
  const events = usePages((before, signal) => load(50, before, signal), inputs);
  useEffect(() => replaceQuery(wanted), inputs);
  return (
    <Page
      title={t('audit')}
      about={t('audit.about')}
      actions={
        <Export
          name="audit"
          load={(before) => load(200, before)}
          header={['event_id', 'at', 'actor', 'as_user', 'source', 'verb', 'resource', 'before', 'after']}
          cells={({ event_id, at, actor, as_user, source, verb, resource, before, after }) => [
            event_id,
            at,
            actor,
            as_user ?? '',
            source,
            verb,
            resource,
            JSON.stringify(before) ?? '',
            JSON.stringify(after) ?? '',
          ]}
        />
      }
    >
      <Verification />
      <Card flush>
        <search class="filters">
          <Select
            name="verb"
            label={t('audit.subject')}
            value={verb.value}
            options={[
              { value: '', label: t('audit.anySubject') },
              ...subjects.map((value) => ({ value, label: t(`audit.subject.${value}`) })),
            ]}
            onChange={(value) => {
              verb.value = value;
            }}
          />
          <TextField
            name="actor"
            class="grow"
            label={t('audit.actor')}
            placeholder="console owner"
            value={actor.peek()}
            maxLength={200}
            onInput={(value) => {
              actor.value = value;
            }}
          />
          <TextField
            name="resource"
            class="grow"
            label={t('audit.resource')}
            placeholder="user 5"
            value={resource.peek()}
            maxLength={200}
            onInput={(value) => {
              resource.value = value;
            }}
          />
        </search>
        <Ready of={events}>
          {({ rows }) =>
            rows.length > 0 ? (
              <Table
                caption={t('audit')}
                rows={rows}
                keyOf={({ event_id }) => event_id}
                columns={columns()}
                busy={events.busy}
              />
            ) : (
              <Empty title={t('audit.none')}>{t('audit.noneDo')}</Empty>
            )
          }
        </Ready>
        <More of={events} />
      </Card>
    </Page>
  );
}

function columns(): Column<Event>[] {
  return [
    { label: t('audit.at'), cell: ({ at }) => <span class="moment">{when(at, 'medium')}</span> },
    {
      label: t('audit.actor'),
      cell: ({ actor, as_user, source }) => (
        <>
          {actor}
          {as_user !== null && ` (${t('audit.asUser', { id: String(as_user) })})`}{' '}
          <span class="quiet small">{source}</span>
        </>
      ),
    },
    { label: t('audit.did'), cell: ({ verb }) => tOr(`verb.${verb}`, verb) },
    { label: t('audit.resource'), cell: ({ resource }) => resource },
    { label: t('audit.change'), cell: ({ before, after }) => <Changes before={before} after={after} /> },
  ];
}

function Verification() {
  const busy = useSignal(false);
  const result = useSignal<ApiReply<'verifyAudit'> | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const verify = async () => {
    busy.value = true;
    failure.value = undefined;
    try {
      result.value = await call('verifyAudit');
    } catch (error) {
      failure.value = problemText(error);
    } finally {
      busy.value = false;
    }
  };
  const found = result.value;
  return (
    <div class="stack">
      <div class="row">
        <button type="button" disabled={busy.value} onClick={() => void verify()}>
          {busy.value ? t('audit.verifying') : t('audit.verify')}
        </button>
      </div>
      <div role="status">
        {failure.value && <p class="notice bad">{failure}</p>}
        {found && !failure.value && (
          <div class={found.intact ? 'notice good' : 'notice bad'}>
            <span>{found.intact ? t('audit.intact', { count: found.events }) : brokenText(found)}</span>
            {found.last_hash !== '' && <span class="code">{found.last_hash}</span>}
          </div>
        )}
      </div>
    </div>
  );
}

/** In the server's English only if it is of a newer version than the page, or db_proxy_server is older. */
function brokenText({ fault, problem }: ApiReply<'verifyAudit'>): string {
  const otherwise = t('audit.broken', { problem: problem ?? '' });
  if (!fault) return otherwise;
  // Ids are not quantities: no separators.
  const values = { event: String(fault.event), other: String(fault.other) };
  return filled(`audit.fault.${fault.code}`, values, otherwise);
}
