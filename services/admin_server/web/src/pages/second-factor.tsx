import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { findSession, logOut, me } from '../api/session.js';
import { t } from '../text/text.js';
import { LanguageAndTheme } from '../ui/choices.js';
import { CodeField } from '../ui/code-field.js';
import { Dialog } from '../ui/dialog.js';
import { Form, TextField } from '../ui/form.js';
import { Badge, Card, Page } from '../ui/parts.js';
import { QrCode } from '../ui/qr-code.js';
import { ShownOnce } from '../ui/shown-once.js';
import { say } from '../ui/toast.js';

/** Shown instead of any page while the account's role requires two-step login and it is not set up. */
export function MustBegin() {
  return (
    <main class="gate">
      <div class="gate-card">
        <Page title={t('factor')} about={t('factor.mustBegin')}>
          <Begin />
          <button type="button" class="plain" onClick={() => void logOut()}>
            {t('logOut')}
          </button>
          <LanguageAndTheme />
        </Page>
      </div>
    </main>
  );
}

/** Two-step login of the user's own account. */
export function SecondFactor() {
  const state = me.value?.second_factor;
  return (
    <Card title={t('factor')} actions={state === 'on' && <Badge mood="good">{t('factor.on')}</Badge>}>
      {state === 'on' && <Change />}
      {state === 'off' && (
        <>
          <p class="quiet">{t('factor.about')}</p>
          <Begin />
        </>
      )}
      {state === 'elsewhere' && <p class="quiet">{t('factor.elsewhere')}</p>}
      {state === 'unavailable' && <p class="quiet">{t('factor.unavailable')}</p>}
    </Card>
  );
}

function Begin() {
  const begun = useSignal<ApiReply<'beginSecondFactor'> | undefined>(undefined);
  const codes = useSignal<readonly string[] | undefined>(undefined);
  if (!begun.value) {
    return (
      <Form
        submit={t('factor.begin')}
        onSubmit={async (values) => {
          begun.value = await call('beginSecondFactor', { body: { password: values.raw('current') } });
        }}
      >
        <TextField
          name="current"
          type="password"
          label={t('own.current')}
          autocomplete="current-password"
          required
        />
      </Form>
    );
  }
  const { secret, uri } = begun.value;
  return (
    <>
      <div class="scan">
        <QrCode text={uri} label={t('factor.qr')} />
        <div>
          <p>{t('factor.scan')}</p>
          <p class="quiet small">{t('factor.type')}</p>
          <p>
            <code class="small" data-testid="secret">
              {secret.replaceAll(/(.{4})(?!$)/g, '$1 ')}
            </code>
          </p>
        </div>
      </div>
      <Form
        submit={t('factor.confirm')}
        onSubmit={async (values) => {
          const reply = await call('confirmSecondFactor', { body: { code: values.text('code') } });
          codes.value = reply.recovery_codes;
        }}
      >
        <CodeField autofocus />
      </Form>
      {codes.value && <RecoveryCodes codes={codes.value} onClose={() => void findSession()} />}
    </>
  );
}

function RecoveryCodes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  return (
    <ShownOnce
      title={t('factor.codes')}
      about={t('factor.codesAbout')}
      secret={codes.join('\n')}
      onClose={onClose}
    />
  );
}

function Change() {
  const asked = useSignal<'renew' | 'remove' | undefined>(undefined);
  const codes = useSignal<readonly string[] | undefined>(undefined);
  const close = () => {
    asked.value = undefined;
  };
  const removing = asked.value === 'remove';
  return (
    <>
      <p class="quiet">{t('factor.onAbout')}</p>
      <div class="row">
        <button
          type="button"
          onClick={() => {
            asked.value = 'renew';
          }}
        >
          {t('factor.renew')}
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            asked.value = 'remove';
          }}
        >
          {t('factor.remove')}
        </button>
      </div>
      {asked.value && (
        <Dialog title={removing ? t('factor.remove') : t('factor.renew')} onClose={close}>
          <p>{removing ? t('factor.removeAsk') : t('factor.renewAsk')}</p>
          <Form
            submit={removing ? t('factor.remove') : t('factor.renew')}
            onCancel={close}
            onSubmit={async (values) => {
              const body = { code: values.text('code') };
              if (removing) {
                await call('removeSecondFactor', { body });
                say(t('factor.removed'));
                await findSession();
              } else {
                codes.value = (await call('renewRecoveryCodes', { body })).recovery_codes;
              }
              close();
            }}
          >
            <CodeField autofocus />
          </Form>
        </Dialog>
      )}
      {codes.value && (
        <RecoveryCodes
          codes={codes.value}
          onClose={() => {
            codes.value = undefined;
          }}
        />
      )}
    </>
  );
}
