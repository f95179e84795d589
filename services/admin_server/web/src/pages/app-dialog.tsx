import { useSignal } from '@preact/signals';
import {
  type AppPermission,
  adminPermissions,
  userPermissions,
  usualPermissions,
} from '@teamtalk/rpc/app-permissions';
import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { CheckBoxes, chosenOf } from '../ui/check-boxes.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select, TextField, type Values } from '../ui/form.js';
import { TextArea } from '../ui/text-area.js';
import { say } from '../ui/toast.js';
import type { App } from './app-list.js';
import { UserChoice } from './user-choice.js';

interface AppDialogProps {
  /** null: a new app */
  readonly app: App | null;
  readonly onKey: (name: string, key: string) => void;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** Creates an app, or changes what it may do. */
export function AppDialog({ app, onKey, onSaved, onClose }: AppDialogProps) {
  const userId = useSignal(app?.user_id ?? null);
  const save = async (values: Values) => {
    const bounds = {
      permissions: chosenOf<AppPermission>(values, 'permissions', 'no-permissions'),
      addresses: values.lines('addresses'),
      user_id: userId.value,
      rate: values.number('rate'),
    };
    if (app) {
      await call('changeApp', { params: { app_id: app.app_id }, body: bounds });
      say(t('saved'));
    } else {
      const name = values.text('name');
      const signs = values.text('signs') === 'yes';
      const { key } = await call('createApp', { body: { name, signs, ...bounds } });
      onKey(name, key);
    }
    onSaved();
    onClose();
  };
  const checked = app?.permissions ?? usualPermissions(false);
  return (
    <Dialog title={app ? t('app.edit', { name: app.name }) : t('app.new')} onClose={onClose}>
      <p class="quiet small">{t('app.newAbout')}</p>
      <Form submit={app ? t('save') : t('app.create')} onCancel={onClose} onSubmit={save}>
        {!app && <TextField name="name" label={t('name')} maxLength={64} required autofocus />}
        <CheckBoxes
          name="permissions"
          legend={t('app.asUserMay')}
          options={userPermissions.map(optionOf)}
          checked={checked}
        />
        <CheckBoxes
          name="permissions"
          legend={t('app.administers')}
          options={adminPermissions.map(optionOf)}
          checked={checked}
        />
        <UserChoice
          label={t('app.asUser')}
          userId={userId.value}
          nobody={t('app.asUserHint')}
          onChoose={(id) => {
            userId.value = id;
          }}
        />
        <TextArea
          name="addresses"
          label={t('app.from')}
          hint={t('app.fromHint')}
          value={app?.addresses.join('\n') ?? ''}
          maxLength={6_500}
          rows={3}
          required={false}
        />
        <TextField
          name="rate"
          type="number"
          label={t('app.rate')}
          hint={t('app.rateHint')}
          value={app?.rate ?? undefined}
          min={1}
          max={1_000_000}
        />
        {!app && (
          <Select
            name="signs"
            label={t('app.signs')}
            hint={t('app.signsHint')}
            value="no"
            options={[
              { value: 'no', label: t('no') },
              { value: 'yes', label: t('yes') },
            ]}
          />
        )}
      </Form>
    </Dialog>
  );
}

function optionOf(permission: AppPermission) {
  return { value: permission, label: t(`appPermission.${permission}`), note: permission };
}
