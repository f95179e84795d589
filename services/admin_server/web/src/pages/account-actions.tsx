import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { may, me } from '../api/session.js';
import { t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { RowAction } from '../ui/row-action.js';
import { say } from '../ui/toast.js';

export type Account = ApiReply<'listAccounts'>['accounts'][number];

interface AccountActionsProps {
  readonly account: Account;
  readonly onEdit: () => void;
  readonly onChanged: () => void;
  readonly onInvited: (name: string, invitation: ApiReply<'inviteAccount'>) => void;
}

export function AccountActions({ account, onEdit, onChanged, onInvited }: AccountActionsProps) {
  if (!may('accounts:write')) return null;
  const { account_id, name, disabled, locked, sessions, second_factor } = account;
  const params = { account_id };
  const invite = () =>
    confirmThen({
      title: t('account.invite'),
      text: t('account.inviteAsk', { name }),
      action: t('account.invite'),
      work: async () => {
        onInvited(name, await call('inviteAccount', { params }));
        onChanged();
      },
    });
  const toggle = () =>
    confirmThen({
      title: disabled ? t('account.enable') : t('account.disable'),
      text: disabled ? t('account.enableAsk', { name }) : t('account.disableAsk', { name }),
      action: disabled ? t('account.enable') : t('account.disable'),
      danger: !disabled,
      work: async () => {
        await call('changeAccount', { params, body: { disabled: !disabled } });
        say(t('saved'));
        onChanged();
      },
    });
  const remove = () =>
    confirmThen({
      title: t('account.delete'),
      text: t('account.deleteAsk', { name }),
      action: t('account.delete'),
      danger: true,
      work: async () => {
        await call('deleteAccount', { params });
        say(t('account.deleted', { name }));
        onChanged();
      },
    });
  const unlock = () =>
    confirmThen({
      title: t('failures.unlock'),
      text: t('failures.unlockAsk', { name }),
      action: t('failures.unlock'),
      work: async () => {
        await call('unlockAccount', { params });
        say(t('failures.unlocked', { name }));
        onChanged();
      },
    });
  const resetFactor = () =>
    confirmThen({
      title: t('account.resetFactor'),
      text: t('account.resetFactorAsk', { name }),
      action: t('account.resetFactor'),
      danger: true,
      work: async () => {
        await call('resetSecondFactor', { params });
        say(t('saved'));
        onChanged();
      },
    });
  const endSessions = () =>
    confirmThen({
      title: t('account.endSessions'),
      text: t('account.endSessionsAsk', { name }),
      action: t('account.endSessions'),
      danger: true,
      work: async () => {
        await call('endAccountSessions', { params });
        say(t('account.sessionsEnded', { name }));
        onChanged();
      },
    });
  return (
    <>
      <RowAction label={t('account.changeRole')} name={name} onClick={onEdit} />
      <RowAction label={t('account.invite')} name={name} onClick={invite} />
      {locked && <RowAction label={t('failures.unlock')} name={name} onClick={unlock} />}
      {second_factor && account_id !== me.value?.account_id && (
        <RowAction label={t('account.resetFactor')} name={name} onClick={resetFactor} />
      )}
      {sessions > 0 && <RowAction label={t('account.endSessions')} name={name} onClick={endSessions} />}
      <RowAction
        label={disabled ? t('account.enable') : t('account.disable')}
        name={name}
        danger={!disabled}
        onClick={toggle}
      />
      {account_id !== me.value?.account_id && (
        <RowAction label={t('account.delete')} name={name} danger onClick={remove} />
      )}
    </>
  );
}
