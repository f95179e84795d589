import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Ready, useLoad, useSettled } from '../ui/load.js';
import { Card } from '../ui/parts.js';
import type { Audience } from './broadcast-target.js';
import { receiversText } from './broadcasts.js';

interface PreviewProps {
  readonly from: string;
  readonly message: string;
  readonly target: {
    readonly from_user_id: number;
    readonly audience: Audience;
    readonly ids: readonly number[];
  };
}

/** The number of receivers of a broadcast, and how it looks to them. */
export function BroadcastPreview({ from, message, target: { from_user_id, audience, ids } }: PreviewProps) {
  const settled = useSettled(ids.join(','));
  const isOpen = audience !== 'everybody' && settled === '';
  const loaded = useLoad(
    async (signal) => {
      if (isOpen) return null;
      const query = { from_user_id, audience, ids: settled || undefined };
      return (await call('previewBroadcast', { query }, signal)).receivers;
    },
    [from_user_id, audience, settled],
  );
  return (
    <Card title={t('broadcast.preview')}>
      <div class="stack">
        <Ready of={loaded}>
          {(receivers) => (
            <p role="status">{receivers === null ? t('broadcast.chooseFirst') : receiversText(receivers)}</p>
          )}
        </Ready>
        <div class="chat">
          <span class="avatar" aria-hidden="true">
            {[...from.trim()][0]?.toUpperCase() ?? '?'}
          </span>
          <div>
            <div class="quiet small">{from}</div>
            <p class="bubble">{message.trim() || t('broadcast.empty')}</p>
          </div>
        </div>
        <p class="quiet small">{t('broadcast.previewAbout')}</p>
      </div>
    </Card>
  );
}
