import { t } from '../text/text.js';
import { ShownOnce } from '../ui/shown-once.js';

export interface Secret {
  readonly webhookId: number;
  readonly name: string;
  readonly secret: string;
}

/** The secret with which a webhook's posts are signed. */
export function WebhookSecret({ of, onClose }: { of: Secret; onClose: () => void }) {
  return (
    <ShownOnce
      title={t('webhook.secretOf', { name: of.name })}
      about={t('webhook.secretAbout')}
      secret={of.secret}
      onClose={onClose}
    />
  );
}
