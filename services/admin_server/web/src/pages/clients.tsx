import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { count, t, tOr, when } from '../text/text.js';
import { Select } from '../ui/form.js';
import { Badge } from '../ui/parts.js';
import { route } from '../ui/route.js';
import { SearchPage } from '../ui/search-page.js';
import type { Column } from '../ui/table.js';

type Build = ApiReply<'listClients'>['builds'][number];
type Row = Build & { readonly key: number };

const classes = ['pc', 'mobile', 'web', 'bot'] as const;
const shown = ['all', 'connected', 'faults'] as const;

/** Which programs clients run, and what they do wrong. */
export function Clients() {
  const { query } = route.peek();
  const clientClass = useSignal(query.get('class') ?? '');
  const show = useSignal(shown.find((each) => each === query.get('show')) ?? 'all');
  const about = useSignal<string | undefined>(undefined);
  return (
    <SearchPage<Row>
      title={t('clients')}
      about={about.value ?? t('clients.about')}
      name="clients"
      searchIn={t('clients.searchIn')}
      load={async (text, _limit, _after, signal) => {
        const { builds, unanswered } = await call('listClients', undefined, signal);
        about.value = aboutText(unanswered);
        const rows = builds
          .map((build, key) => ({ ...build, key }))
          .filter((build) => matches(build, text.toLowerCase(), clientClass.value, show.value));
        return { rows, next: null };
      }}
      keyOf={({ key }) => key}
      columns={columns()}
      header={[
        t('clients.client'),
        t('clients.class'),
        t('clients.version'),
        t('overview.online'),
        t('overview.connections'),
        t('clients.logins'),
        t('clients.firstSeen'),
        t('clients.lastSeen'),
        t('clients.faults'),
      ]}
      cells={(build) => [
        nameOf(build),
        build.class === null ? '' : t(`class.${build.class}`),
        build.version,
        build.users,
        build.connections,
        build.logins,
        build.first_seen ?? '',
        build.last_seen ?? '',
        build.faults.map(faultText).join('; '),
      ]}
      filter={{ class: clientClass.value, show: show.value === 'all' ? '' : show.value }}
      fields={
        <>
          <Select
            name="class"
            label={t('clients.class')}
            value={clientClass.value}
            options={[
              { value: '', label: t('clients.anyClass') },
              ...classes.map((value) => ({ value, label: t(`class.${value}`) })),
            ]}
            onChange={(value) => {
              clientClass.value = value;
            }}
          />
          <Select
            name="show"
            label={t('clients.show')}
            value={show.value}
            options={shown.map((value) => ({ value, label: t(`clients.show.${value}`) }))}
            onChange={(value) => {
              show.value = shown.find((each) => each === value) ?? 'all';
            }}
          />
        </>
      }
      none={[t('clients.none'), t('clients.noneDo')]}
      noneFound={[t('clients.noneFound'), t('clients.noneFoundDo')]}
    />
  );
}

function aboutText(unanswered: number): string {
  const about = t('clients.about');
  return unanswered === 0 ? about : `${about} ${t('clients.unanswered', { count: unanswered })}`;
}

function matches(build: Build, text: string, clientClass: string, show: (typeof shown)[number]): boolean {
  if (clientClass !== '' && build.class !== clientClass) return false;
  if (show === 'connected' && build.connections === 0) return false;
  if (show === 'faults' && build.faults.length === 0) return false;
  return `${nameOf(build)} ${build.version}`.toLowerCase().includes(text);
}

function nameOf({ client, class: clientClass, collective }: Build): string {
  if (collective) return t('clients.others');
  if (clientClass === 'web' || clientClass === 'bot') return t(`class.${clientClass}`);
  return client === null ? t('clients.unknown') : t(`client.${client}`);
}

function faultText({ fault, count: times }: Build['faults'][number]): string {
  return `${tOr(`pduFault.${fault}`, fault)}: ${count(times)}`;
}

function columns(): Column<Row>[] {
  return [
    { label: t('clients.client'), cell: nameOf },
    {
      label: t('clients.version'),
      cell: ({ version, collective }) =>
        collective ? '' : version || <span class="quiet">{t('clients.noVersion')}</span>,
    },
    { label: t('overview.online'), cell: ({ users }) => count(users), number: true },
    { label: t('overview.connections'), cell: ({ connections }) => count(connections), number: true },
    { label: t('clients.logins'), cell: ({ logins }) => count(logins), number: true },
    { label: t('clients.lastSeen'), cell: ({ last_seen: at }) => (at === null ? '' : when(at)) },
    {
      label: t('clients.faults'),
      cell: ({ faults }) =>
        faults.map((each) => (
          <div key={each.fault}>
            <Badge mood="warn">{faultText(each)}</Badge>
          </div>
        )),
    },
  ];
}
