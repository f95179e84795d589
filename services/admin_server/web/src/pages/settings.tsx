import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { t, tOr } from '../text/text.js';
import { SearchPage } from '../ui/search-page.js';
import type { Column } from '../ui/table.js';

type Setting = ApiReply<'listSettings'>['settings'][number];
type Row = Setting & { readonly key: number };

/** What clients are told, and where it is set; read only. */
export function Settings() {
  return (
    <SearchPage<Row>
      title={t('settings')}
      about={t('settings.about')}
      name="settings"
      searchIn={t('settings.searchIn')}
      load={async (text, _limit, _after, signal) => {
        const { settings } = await call('listSettings', undefined, signal);
        const wanted = text.toLowerCase();
        const rows = settings
          .map((setting, key) => ({ ...setting, key }))
          .filter((row) => cellsOf(row).join(' ').toLowerCase().includes(wanted));
        return { rows, next: null };
      }}
      keyOf={({ key }) => key}
      columns={columns()}
      header={[
        t('settings.setting'),
        t('settings.value'),
        t('settings.variable'),
        t('instance.service'),
        t('instance.host'),
      ]}
      cells={cellsOf}
      none={[t('settings.none'), t('settings.noneDo')]}
      noneFound={[t('settings.noneFound'), t('settings.noneFoundDo')]}
    />
  );
}

function cellsOf(setting: Setting): string[] {
  const { variable, service, host, instance } = setting;
  return [nameOf(setting), valueText(setting), sourceText(setting), service, `${host} ${instance}`, variable];
}

function nameOf({ service, variable }: Setting): string {
  return variable === '' ? t('settings.unanswered') : tOr(`setting.${service}.${variable}`, variable);
}

function valueText({ value }: Setting): string {
  if (value === null) return t('activity.unknown');
  return value === '' ? t('settings.nothing') : value;
}

function sourceText({ variable, by_default: isDefault }: Setting): string {
  return isDefault ? t('settings.default', { variable }) : variable;
}

function columns(): Column<Row>[] {
  return [
    { label: t('settings.setting'), cell: nameOf },
    {
      label: t('settings.value'),
      cell: (row) => (row.value ? <span class="code">{row.value}</span> : valueText(row)),
    },
    { label: t('settings.variable'), cell: (row) => <span class="code small">{sourceText(row)}</span> },
    {
      label: t('instance.service'),
      cell: ({ service, instance }) => (
        <>
          {service} <span class="quiet small code">{instance}</span>
        </>
      ),
    },
    { label: t('instance.host'), cell: ({ host }) => host },
  ];
}
