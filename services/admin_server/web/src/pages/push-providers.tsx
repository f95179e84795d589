import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { type CredentialProvider, credentialProviders } from '../../../src/api/pushes.js';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { count, t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { ListCard } from '../ui/list-card.js';
import { useLoad } from '../ui/load.js';
import { Badge } from '../ui/parts.js';
import { RowAction } from '../ui/row-action.js';
import type { Column } from '../ui/table.js';
import { say } from '../ui/toast.js';
import { CredentialDialog } from './push-credential.js';

type Providers = ApiReply<'getPushProviders'>;

interface Row {
  readonly provider: string;
  readonly credential?: Providers['credentials'][number] | undefined;
  readonly devices: number;
  readonly failing: number;
}

/** Providers of push: their stored credentials, and how many devices each has. */
export function PushProviders() {
  const loaded = useLoad((signal) => call('getPushProviders', undefined, signal), []);
  /** undefined: no dialog; null: any provider */
  const editing = useSignal<CredentialProvider | null | undefined>(undefined);
  const remove = (provider: CredentialProvider) =>
    confirmThen({
      title: t('credential.remove'),
      text: t('credential.removeAsk', { provider }),
      action: t('remove'),
      danger: true,
      work: async () => {
        await call('removePushCredential', { params: { provider } });
        say(t('credential.removed', { provider }));
        loaded.reload();
      },
    });
  const rotate = () =>
    confirmThen({
      title: t('credential.rotate'),
      text: t('credential.rotateAsk'),
      action: t('credential.rotate'),
      work: async () => {
        const { providers } = await call('rotatePushCredentials');
        say(t('credential.rotated', { count: providers.length }));
        loaded.reload();
      },
    });
  const edit = (provider: CredentialProvider | null | undefined) => {
    editing.value = provider;
  };
  return (
    <>
      <ListCard
        title={t('providers')}
        name="providers"
        add={may('pushes:write') && t('credential.add')}
        onAdd={() => edit(null)}
        of={loaded}
        rowsOf={rowsOf}
        keyOf={({ provider }) => provider}
        columns={columns(edit, remove)}
        none={[t('providers.none'), t('providers.noneDo')]}
      />
      {may('pushes:write') && (loaded.data?.credentials.length ?? 0) > 0 && (
        <p>
          <button type="button" onClick={rotate}>
            {t('credential.rotate')}
          </button>
        </p>
      )}
      {editing.value !== undefined && (
        <CredentialDialog provider={editing.value} onSaved={loaded.reload} onClose={() => edit(undefined)} />
      )}
    </>
  );
}

function rowsOf({ credentials, devices }: Providers): Row[] {
  const names = new Set([...credentials, ...devices].map(({ provider }) => provider));
  return [...names].sort().map((provider) => ({
    provider,
    credential: credentials.find((each) => each.provider === provider),
    devices: 0,
    failing: 0,
    ...devices.find((each) => each.provider === provider),
  }));
}

function columns(
  edit: (provider: CredentialProvider) => void,
  remove: (provider: CredentialProvider) => void,
): Column<Row>[] {
  const shown: Column<Row>[] = [
    { label: t('push.provider'), cell: ({ provider }) => provider },
    {
      label: t('credential'),
      cell: ({ credential }) => credential?.description ?? <span class="quiet">{t('credential.none')}</span>,
    },
    {
      label: t('credential.changed'),
      cell: ({ credential }) => (credential ? when(credential.changed_at) : '–'),
    },
    {
      label: t('credential.sealedBy'),
      cell: ({ credential }) => (credential ? <span class="code">{credential.key_id}</span> : '–'),
    },
    { label: t('providers.devices'), cell: ({ devices }) => count(devices), number: true },
    {
      label: t('providers.failing'),
      cell: ({ failing }) => (failing > 0 ? <Badge mood="warn">{count(failing)}</Badge> : '0'),
      number: true,
    },
  ];
  if (!may('pushes:write')) return shown;
  return [
    ...shown,
    {
      label: t('actions'),
      actions: true,
      cell: ({ provider, credential }) => {
        const known = credentialProviders.find((each) => each === provider);
        if (!known) return null;
        return (
          <>
            <RowAction
              label={t(credential ? 'credential.replace' : 'credential.add')}
              name={provider}
              onClick={() => edit(known)}
            />
            {credential && (
              <RowAction label={t('remove')} name={provider} danger onClick={() => remove(known)} />
            )}
          </>
        );
      },
    },
  ];
}
