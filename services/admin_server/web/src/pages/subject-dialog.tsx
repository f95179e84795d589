import { useSignal } from '@preact/signals';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select, TextField } from '../ui/form.js';
import { GroupPicker } from './group-picker.js';
import { callName } from './user-name.js';
import { UserPicker } from './user-picker.js';

/** A person or a group. */
interface Subject {
  readonly name: string;
  readonly of: { readonly user_id: number } | { readonly group_id: number };
}

interface SubjectDialogProps {
  readonly title: string;
  readonly about: string;
  /** label of the button, a verb */
  readonly action: string;
  readonly onSubmit: (
    body: { reason: string; user_id?: number; group_id?: number },
    name: string,
  ) => Promise<void>;
  readonly onClose: () => void;
}

/** Asks for a person or a group, and the reason. */
export function SubjectDialog({ title, about, action, onSubmit, onClose }: SubjectDialogProps) {
  const kind = useSignal<'user' | 'group'>('user');
  const subject = useSignal<Subject | undefined>(undefined);
  const chosen = subject.value;
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="quiet small">{about}</p>
      <div class="stack">
        <Select
          name="kind"
          label={t('hold.subject')}
          value={kind.value}
          options={[
            { value: 'user', label: t('hold.person') },
            { value: 'group', label: t('scope.group') },
          ]}
          onChange={(value) => {
            kind.value = value as 'user' | 'group';
            subject.value = undefined;
          }}
        />
        {kind.value === 'user' && !chosen && (
          <UserPicker
            label={t('hold.person')}
            status="all"
            action={t('choose')}
            onPick={(user) => {
              subject.value = { name: callName(user), of: { user_id: user.user_id } };
            }}
          />
        )}
        {kind.value === 'group' && !chosen && (
          <GroupPicker
            label={t('scope.group')}
            action={t('choose')}
            onPick={({ name, group_id }) => {
              subject.value = { name, of: { group_id } };
            }}
          />
        )}
      </div>
      {chosen && (
        <Form
          submit={action}
          onCancel={onClose}
          onSubmit={async (values) => {
            await onSubmit({ reason: values.text('reason'), ...chosen.of }, chosen.name);
            onClose();
          }}
        >
          <p>
            {t('hold.on')} <strong>{chosen.name}</strong>
          </p>
          <TextField
            name="reason"
            label={t('hold.reason')}
            hint={t('hold.reasonHint')}
            maxLength={200}
            required
            autofocus
          />
        </Form>
      )}
    </Dialog>
  );
}
