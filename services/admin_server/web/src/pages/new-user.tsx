import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Form, TextField } from '../ui/form.js';
import { Ready } from '../ui/load.js';
import { Card, Page } from '../ui/parts.js';
import { goTo } from '../ui/route.js';
import { say } from '../ui/toast.js';
import { useDepartments } from './use-departments.js';
import { UserFields, writtenUser } from './user-fields.js';

export function NewUser() {
  const departments = useDepartments();
  return (
    <Page title={t('user.new')}>
      <Ready of={departments}>
        {(tree) => (
          <Card>
            <Form
              class="form two"
              submit={t('user.create')}
              onCancel={() => goTo('users')}
              onSubmit={async (values) => {
                const password = values.raw('password') || undefined;
                const user = await call('createUser', { body: { ...writtenUser(values), password } });
                say(t('user.created', { name: user.name }));
                goTo(`users/${user.user_id}`);
              }}
            >
              <UserFields departments={tree} />
              <TextField
                name="password"
                type="password"
                class="wide"
                label={t('password')}
                hint={t('user.passwordHint')}
                autocomplete="new-password"
                maxLength={256}
              />
            </Form>
          </Card>
        )}
      </Ready>
    </Page>
  );
}
