import { call } from '../api/client.js';
import { entered, logOut } from '../api/session.js';
import { t } from '../text/text.js';
import { LanguageAndTheme } from '../ui/choices.js';
import { CodeField, useCodeNeeded } from '../ui/code-field.js';
import { Dialog } from '../ui/dialog.js';
import { Form, TextField, type Values } from '../ui/form.js';
import { Page } from '../ui/parts.js';
import { SignOn } from './sign-on.js';

async function logIn(values: Values): Promise<void> {
  const body = { name: values.text('name'), password: values.raw('password'), code: values.optional('code') };
  entered(await call('logIn', { body }));
}

export function Login() {
  const { needed, ask } = useCodeNeeded();
  return (
    <main class="gate">
      <div class="gate-card">
        <Page title={t('login.title')} about={t('login.about')}>
          <Form submit={t('login.submit')} onSubmit={(values) => ask(() => logIn(values))}>
            <TextField name="name" label={t('account.name')} autocomplete="username" required autofocus />
            <Password />
            {needed && <CodeField autofocus />}
          </Form>
          <SignOn />
          <LanguageAndTheme />
        </Page>
      </div>
    </main>
  );
}

function Password() {
  return (
    <TextField
      name="password"
      type="password"
      label={t('password')}
      autocomplete="current-password"
      required
    />
  );
}

/** Login dialog over a page whose session has ended; anything typed into the page stays. */
export function LoginAgain({ name }: { name: string }) {
  const leave = () => void logOut();
  const { needed, ask } = useCodeNeeded();
  return (
    <Dialog title={t('login.expired')} onClose={leave}>
      <p>{t('login.expiredAbout')}</p>
      <Form submit={t('login.submit')} onSubmit={(values) => ask(() => logIn(values))} onCancel={leave}>
        <TextField name="name" label={t('account.name')} autocomplete="username" value={name} required />
        <Password />
        {needed && <CodeField autofocus />}
      </Form>
    </Dialog>
  );
}
