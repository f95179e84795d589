import { useSignal } from '@preact/signals';
import { groupTypes } from '@teamtalk/administration/fields';
import { call } from '../api/client.js';
import { ApiProblem } from '../api/problem.js';
import { t } from '../text/text.js';
import { Form, Select, TextField } from '../ui/form.js';
import { Card, Page, Person } from '../ui/parts.js';
import { goTo } from '../ui/route.js';
import { say } from '../ui/toast.js';
import { callName, type User } from './user-name.js';
import { UserPicker } from './user-picker.js';

export function NewGroup() {
  const members = useSignal<readonly User[]>([]);
  const ids = new Set(members.value.map(({ user_id }) => user_id));
  return (
    <Page title={t('group.new')}>
      <div class="columns">
        <Card>
          <Form
            submit={t('group.create')}
            onCancel={() => goTo('groups')}
            onSubmit={async (values) => {
              if (ids.size === 0) {
                throw new ApiProblem('no-members');
              }
              const body = {
                name: values.text('name'),
                type: groupTypes.find((each) => each === values.text('type')) ?? 'normal',
                creator_id: values.number('creator_id') ?? undefined,
                member_ids: [...ids],
              };
              const group = await call('createGroup', { body });
              say(t('group.created', { name: group.name }));
              goTo(`groups/${group.group_id}`);
            }}
          >
            <TextField name="name" label={t('name')} maxLength={256} required />
            <Select
              name="type"
              label={t('group.type')}
              hint={t('group.typeHint')}
              value="normal"
              options={groupTypes.map((value) => ({ value, label: t(`group.type.${value}`) }))}
            />
            <Select
              name="creator_id"
              label={t('group.owner')}
              hint={t('group.ownerHint')}
              options={[
                { value: '', label: t('group.noOwner') },
                ...members.value.map((user) => ({ value: String(user.user_id), label: callName(user) })),
              ]}
            />
          </Form>
        </Card>
        <Card title={t('group.membersOf', { count: ids.size })}>
          <div class="stack">
            <UserPicker
              label={t('group.findMember')}
              action={t('add')}
              without={ids}
              onPick={(user) => {
                members.value = [...members.value, user];
              }}
            />
            <ul class="stack">
              {members.value.map((user) => (
                <li class="row" key={user.user_id}>
                  <Person name={callName(user)} login={user.name} />
                  <button
                    type="button"
                    class="plain slim"
                    aria-label={`${t('remove')}: ${callName(user)}`}
                    onClick={() => {
                      members.value = members.value.filter((each) => each !== user);
                    }}
                  >
                    {t('remove')}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        </Card>
      </div>
    </Page>
  );
}
