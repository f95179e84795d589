import { useSignal } from '@preact/signals';
import {
  type CredentialProvider,
  credentialParts,
  credentialProviders,
  optionalParts,
} from '../../../src/api/pushes.js';
import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select, TextField } from '../ui/form.js';
import { TextArea } from '../ui/text-area.js';
import { say } from '../ui/toast.js';

interface CredentialDialogProps {
  /** null: to be chosen */
  readonly provider: CredentialProvider | null;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** Stores the credential of a push provider. */
export function CredentialDialog({ provider, onSaved, onClose }: CredentialDialogProps) {
  const chosen = useSignal<CredentialProvider>(provider ?? 'apns');
  const parts = credentialParts[chosen.value];
  return (
    <Dialog title={t('credential.edit')} onClose={onClose}>
      <p class="quiet small">{t('credential.about')}</p>
      <Form
        submit={t('save')}
        onCancel={onClose}
        onSubmit={async (values) => {
          const body = {
            secret: values.raw('secret'),
            parts: Object.fromEntries(parts.map((part) => [part, values.text(part)])),
          };
          await call('setPushCredential', { params: { provider: chosen.value }, body });
          say(t('credential.saved', { provider: chosen.value }));
          onSaved();
          onClose();
        }}
      >
        <Select
          name="provider"
          label={t('push.provider')}
          value={chosen.value}
          options={(provider ? [provider] : credentialProviders).map((value) => ({ value, label: value }))}
          onChange={(value) => {
            chosen.value = value as CredentialProvider;
          }}
        />
        {parts.map((part) => (
          <TextField
            key={`${chosen.value} ${part}`}
            name={part}
            label={t(`credential.${part}`)}
            maxLength={256}
            required={!optionalParts.includes(part)}
          />
        ))}
        <TextArea
          key={chosen.value}
          name="secret"
          label={t('credential.secret')}
          hint={t(`credentialSecret.${chosen.value}`)}
          maxLength={16_384}
        />
      </Form>
    </Dialog>
  );
}
