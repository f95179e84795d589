import { useSignal } from '@preact/signals';
import { type ConsoleRole, consoleRoles, departmentRole } from '@teamtalk/rpc/console-rights';
import type { ComponentChildren } from 'preact';
import { call } from '../api/client.js';
import { may } from '../api/session.js';
import { t, when } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select, TextField } from '../ui/form.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Page } from '../ui/parts.js';
import { ShownOnce } from '../ui/shown-once.js';
import { type Column, Table } from '../ui/table.js';
import { say } from '../ui/toast.js';
import { type Account, AccountActions } from './account-actions.js';
import type { DepartmentTree } from './department-tree.js';
import { useDepartments } from './use-departments.js';

interface Invitation {
  readonly name: string;
  readonly link: string;
  readonly until: string;
}

/** undefined: no dialog; null: a new account */
type Editing = Account | null | undefined;

export function Accounts() {
  const loaded = useLoad((signal) => call('listAccounts', undefined, signal), []);
  const departments = useDepartments();
  const editing = useSignal<Editing>(undefined);
  const invitation = useSignal<Invitation | undefined>(undefined);
  const invited = (
    name: string,
    { setup_token, expires_at }: { setup_token: string; expires_at: string },
  ) => {
    const link = new URL(`setup#${setup_token}`, location.href).href;
    invitation.value = { name, link, until: when(expires_at) };
  };
  const close = () => {
    editing.value = undefined;
  };
  return (
    <Page
      title={t('accounts')}
      about={t('accounts.about')}
      actions={
        may('accounts:write') && (
          <button
            type="button"
            class="main"
            onClick={() => {
              editing.value = null;
            }}
          >
            {t('account.new')}
          </button>
        )
      }
    >
      <Card flush>
        <Ready of={loaded}>
          {({ accounts }) => (
            <Table
              caption={t('accounts')}
              saveAs="accounts"
              rows={accounts}
              keyOf={({ account_id }) => account_id}
              busy={loaded.busy}
              columns={columns(departments.data, (account) => (
                <AccountActions
                  account={account}
                  onEdit={() => {
                    editing.value = account;
                  }}
                  onChanged={loaded.reload}
                  onInvited={invited}
                />
              ))}
            />
          )}
        </Ready>
      </Card>
      <Card title={t('roles')}>
        <dl class="facts">
          {consoleRoles.map((role) => [
            <dt key={`${role}-t`}>{t(`role.${role}`)}</dt>,
            <dd key={role}>{t(`role.${role}.about`)}</dd>,
          ])}
        </dl>
      </Card>
      {editing.value !== undefined && (
        <Edit
          account={editing.value}
          departments={departments.data}
          onClose={close}
          onSaved={loaded.reload}
          onInvited={invited}
        />
      )}
      {invitation.value && (
        <ShownOnce
          title={t('account.invitation', { name: invitation.value.name })}
          about={t('account.invitationAbout', { until: invitation.value.until })}
          secret={invitation.value.link}
          onClose={() => {
            invitation.value = undefined;
          }}
        />
      )}
    </Page>
  );
}

function columns(
  departments: DepartmentTree | undefined,
  actions: (account: Account) => ComponentChildren,
): Column<Account>[] {
  return [
    {
      label: t('account.name'),
      cell: ({ name, email }) => (
        <>
          {name} <span class="quiet small">{email}</span>
        </>
      ),
    },
    {
      label: t('role'),
      cell: ({ role, department_id }) => (
        <>
          {t(`role.${role}`)} <span class="quiet small">{departments?.fullNameOf(department_id)}</span>
        </>
      ),
    },
    { label: t('status'), cell: (account) => <Status {...account} /> },
    { label: t('account.sessions'), cell: ({ sessions }) => String(sessions), number: true },
    {
      label: t('account.lastLogin'),
      cell: ({ last_login_at }) => (last_login_at === null ? t('never') : when(last_login_at)),
    },
    { label: t('actions'), actions: true, cell: actions },
  ];
}

function Status({ disabled, locked, set_up, second_factor, signs_on }: Account) {
  if (disabled) return <Badge mood="bad">{t('account.disabled')}</Badge>;
  if (!set_up && !signs_on) return <Badge mood="warn">{t('account.invited')}</Badge>;
  return (
    <>
      {locked ? (
        <Badge mood="bad">{t('failures.locked')}</Badge>
      ) : (
        <Badge mood="good">{t('account.active')}</Badge>
      )}{' '}
      {second_factor && <Badge mood="info">{t('factor')}</Badge>}
    </>
  );
}

interface EditProps {
  readonly account: Account | null;
  readonly departments: DepartmentTree | undefined;
  readonly onClose: () => void;
  readonly onSaved: () => void;
  readonly onInvited: (name: string, invitation: { setup_token: string; expires_at: string }) => void;
}

function Edit({ account, departments, onClose, onSaved, onInvited }: EditProps) {
  const role = useSignal<ConsoleRole>(account?.role ?? 'administrator');
  return (
    <Dialog title={account ? t('account.edit', { name: account.name }) : t('account.new')} onClose={onClose}>
      {!account && <p>{t('account.newAbout')}</p>}
      <Form
        submit={account ? t('save') : t('account.create')}
        onCancel={onClose}
        onSubmit={async (values) => {
          const rights = {
            role: role.value,
            department_id: role.value === departmentRole ? values.number('department_id') : null,
            email: values.text('email'),
          };
          if (account) {
            await call('changeAccount', { params: { account_id: account.account_id }, body: rights });
            say(t('saved'));
          } else {
            const name = values.text('name');
            onInvited(name, await call('createAccount', { body: { name, ...rights } }));
          }
          onSaved();
          onClose();
        }}
      >
        {!account && <TextField name="name" label={t('account.name')} maxLength={64} required autofocus />}
        <Select
          name="role"
          label={t('role')}
          value={role.value}
          options={consoleRoles.map((value) => ({ value, label: t(`role.${value}`) }))}
          onChange={(value) => {
            role.value = value as ConsoleRole;
          }}
        />
        <p class="quiet small">{t(`role.${role.value}.about`)}</p>
        {role.value === departmentRole && (
          <Select
            name="department_id"
            label={t('account.department')}
            value={account?.department_id ? String(account.department_id) : ''}
            options={departments?.options(undefined, account?.department_id) ?? []}
          />
        )}
        <TextField
          name="email"
          type="email"
          label={t('account.email')}
          hint={t('account.emailHint')}
          value={account?.email}
          maxLength={254}
        />
      </Form>
    </Dialog>
  );
}
