import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { ApiProblem } from '../api/problem.js';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select, TextField } from '../ui/form.js';
import type { Bot } from './bots.js';
import { GroupPicker } from './group-picker.js';
import { callName } from './user-name.js';
import { UserPicker } from './user-picker.js';

interface NewHookProps {
  readonly bots: readonly Bot[];
  readonly onPath: (name: string, path: string) => void;
  readonly onClose: () => void;
}

interface Receiver {
  readonly name: string;
  readonly of: { readonly user_id: number } | { readonly group_id: number };
}

/** Adds a hook, which forwards what is posted to it. */
export function NewHook({ bots, onPath, onClose }: NewHookProps) {
  const kind = useSignal<'user' | 'group'>('user');
  const receiver = useSignal<Receiver | undefined>(undefined);
  return (
    <Dialog title={t('hook.new')} onClose={onClose}>
      <Form
        submit={t('hook.create')}
        onCancel={onClose}
        onSubmit={async (values) => {
          if (!receiver.value) throw new ApiProblem('no-receivers');
          const name = values.text('name');
          const body = {
            name,
            bot_id: values.number('bot_id') ?? 0,
            any_receiver: values.text('any_receiver') === 'yes',
            rate: values.number('rate') ?? 1,
            ...receiver.value.of,
          };
          const { path } = await call('createHook', { body });
          onClose();
          onPath(name, path);
        }}
      >
        <TextField name="name" label={t('name')} maxLength={64} required autofocus />
        <Select
          name="bot_id"
          label={t('hook.bot')}
          value={String(bots[0]?.user_id)}
          options={bots.map(({ user_id, name }) => ({ value: String(user_id), label: name }))}
        />
        {receiver.value ? (
          <p>
            {t('hook.to')}: <strong>{receiver.value.name}</strong>
          </p>
        ) : (
          <>
            <Select
              name="kind"
              label={t('hook.to')}
              value={kind.value}
              options={[
                { value: 'user', label: t('hold.person') },
                { value: 'group', label: t('scope.group') },
              ]}
              onChange={(value) => {
                kind.value = value as 'user' | 'group';
              }}
            />
            {kind.value === 'user' ? (
              <UserPicker
                label={t('hold.person')}
                action={t('choose')}
                onPick={(user) => {
                  receiver.value = { name: callName(user), of: { user_id: user.user_id } };
                }}
              />
            ) : (
              <GroupPicker
                label={t('scope.group')}
                action={t('choose')}
                onPick={({ name, group_id }) => {
                  receiver.value = { name, of: { group_id } };
                }}
              />
            )}
          </>
        )}
        <Select
          name="any_receiver"
          label={t('hook.anyReceiver')}
          hint={t('hook.anyReceiverHint')}
          value="no"
          options={[
            { value: 'no', label: t('no') },
            { value: 'yes', label: t('yes') },
          ]}
        />
        <TextField
          name="rate"
          type="number"
          label={t('hook.rate')}
          hint={t('hook.rateHint')}
          value={1}
          min={1}
          max={1_000}
          required
        />
      </Form>
    </Dialog>
  );
}
