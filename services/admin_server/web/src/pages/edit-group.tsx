import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select, TextField } from '../ui/form.js';
import { ChangedMeanwhile, changedFields, useMeanwhile } from '../ui/meanwhile.js';
import { say } from '../ui/toast.js';
import type { Group } from './group-members.js';

interface EditGroupProps {
  readonly group: Group;
  readonly onDone: (group: Group) => void;
  readonly onClose: () => void;
}

/** Changes a group's name, picture and rules. */
export function EditGroup({ group, onDone, onClose }: EditGroupProps) {
  const params = { group_id: group.group_id };
  const meanwhile = useMeanwhile(group, () => call('getGroup', { params }));
  return (
    <Dialog title={t('group.edit', { name: group.name })} onClose={onClose}>
      <Form
        submit={t('save')}
        onCancel={onClose}
        onSubmit={async (values) => {
          const written = changedFields(meanwhile.before, {
            name: values.text('name'),
            avatar_url: values.text('avatar_url'),
            max_members: values.number('max_members'),
            ...(group.type === 'temporary' && { owner_adds_only: values.text('adding') === 'owner' }),
          });
          const saved = await meanwhile.save(({ name, avatar_url }) =>
            call('changeGroup', { params, body: { ...written, expected: { name, avatar_url } } }),
          );
          onDone(saved);
          say(t('saved'));
          onClose();
        }}
      >
        <TextField name="name" label={t('name')} value={group.name} maxLength={256} required autofocus />
        <TextField name="avatar_url" label={t('user.avatar')} value={group.avatar_url} maxLength={1024} />
        {group.type === 'temporary' && (
          <Select
            name="adding"
            label={t('group.adding')}
            value={group.owner_adds_only ? 'owner' : 'members'}
            options={(['members', 'owner'] as const).map((value) => ({
              value,
              label: t(`group.adding.${value}`),
            }))}
          />
        )}
        <TextField
          name="max_members"
          type="number"
          label={t('group.maxMembers')}
          hint={t('group.maxMembersHint')}
          value={group.max_members ?? ''}
          min={1}
          max={0x7fffffff}
        />
        <ChangedMeanwhile
          of={meanwhile}
          fields={[
            [t('name'), ({ name }) => name],
            [t('user.avatar'), ({ avatar_url }) => avatar_url],
          ]}
        />
      </Form>
    </Dialog>
  );
}
