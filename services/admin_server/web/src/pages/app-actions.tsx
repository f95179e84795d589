import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { RowAction } from '../ui/row-action.js';
import { say } from '../ui/toast.js';
import type { App } from './app-list.js';

interface AppActionsProps {
  readonly app: App;
  readonly onEdit: () => void;
  readonly onChanged: () => void;
  readonly onKey: (name: string, key: string) => void;
}

/** What can be done with an app: its key can be renewed, refused for a while, and revoked. */
export function AppActions({ app, onEdit, onChanged, onKey }: AppActionsProps) {
  const { app_id, name, revoked_at, disabled } = app;
  const params = { app_id };
  const isActive = revoked_at === null;
  const renew = () =>
    confirmThen({
      title: t('app.renew'),
      text: t(isActive || disabled ? 'app.renewAsk' : 'app.renewRevokedAsk', { name }),
      action: t('app.renew'),
      work: async () => {
        const { key } = await call('renewAppKey', { params });
        onKey(name, key);
        onChanged();
      },
    });
  const ask = (verb: 'disable' | 'enable' | 'revoke' | 'delete') =>
    confirmThen({
      title: t(`app.${verb}`),
      text: t(`app.${verb}Ask`, { name }),
      action: t(`app.${verb}`),
      danger: verb !== 'enable',
      work: async () => {
        await call(`${verb}App`, { params });
        say(t(`app.${verb}Done`, { name }));
        onChanged();
      },
    });
  const action = (verb: 'disable' | 'enable' | 'revoke' | 'delete') => (
    <RowAction label={t(`app.${verb}`)} name={name} danger={verb !== 'enable'} onClick={() => ask(verb)} />
  );
  return (
    <>
      <RowAction label={t('edit')} name={name} onClick={onEdit} />
      <RowAction label={t('app.renew')} name={name} onClick={renew} />
      {isActive && action('disable')}
      {disabled && action('enable')}
      {(isActive || disabled) && action('revoke')}
      {!isActive && action('delete')}
    </>
  );
}
