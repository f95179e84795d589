import { signal } from '@preact/signals';
import { call } from '../api/client.js';
import { entered, findSession } from '../api/session.js';
import { t } from '../text/text.js';
import { LanguageAndTheme } from '../ui/choices.js';
import { CodeField, useCodeNeeded } from '../ui/code-field.js';
import { Form, type Values } from '../ui/form.js';
import { NewPassword, newPasswordIn } from '../ui/new-password.js';
import { Page } from '../ui/parts.js';
import { startAnew } from '../ui/route.js';

/** The token of the one-time link `/setup#TOKEN` that opened the page; undefined: none. */
export const setupToken = signal(/\/setup\/?$/.test(location.pathname) ? location.hash.slice(1) : undefined);

function leaveLink(): void {
  // Removes the token from the address and the history.
  startAnew();
  setupToken.value = undefined;
}

export function SetUp({ token }: { token: string }) {
  const { needed, ask } = useCodeNeeded();
  const choosePassword = async (values: Values) => {
    const password = newPasswordIn(values);
    const code = values.optional('code');
    entered(await call('setUp', { body: { token, password, code } }));
    leaveLink();
  };
  return (
    <main class="gate">
      <div class="gate-card">
        <Page title={t('setUp.title')} about={t('setUp.about')}>
          <Form submit={t('setUp.submit')} onSubmit={(values) => ask(() => choosePassword(values))}>
            <NewPassword />
            {needed && <CodeField autofocus />}
          </Form>
          <button
            type="button"
            class="plain"
            onClick={() => {
              leaveLink();
              void findSession();
            }}
          >
            {t('setUp.toLogin')}
          </button>
          <LanguageAndTheme />
        </Page>
      </div>
    </main>
  );
}
