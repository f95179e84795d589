import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { t, tOr } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Dialog } from '../ui/dialog.js';
import { Badge, Facts } from '../ui/parts.js';
import { RowAction } from '../ui/row-action.js';

interface TestPushProps {
  readonly userId: number;
  readonly device: ApiReply<'listDevices'>['devices'][number];
}

/** Sends a notification to a device, and shows what its provider says. */
export function TestPush({ userId, device: { device_id, provider, token_end } }: TestPushProps) {
  const answer = useSignal<ApiReply<'testDevice'> | undefined>(undefined);
  const name = `${provider} …${token_end}`;
  const ask = () =>
    confirmThen({
      title: t('pushTest'),
      text: t('pushTest.ask', { device: name }),
      action: t('pushTest.send'),
      work: async () => {
        answer.value = await call('testDevice', { params: { user_id: userId, device_id } });
      },
    });
  return (
    <>
      <RowAction label={t('pushTest.send')} name={name} onClick={ask} />
      {answer.value && (
        <Answer
          of={answer.value}
          onClose={() => {
            answer.value = undefined;
          }}
        />
      )}
    </>
  );
}

function Answer({ of: { outcome, reason }, onClose }: { of: ApiReply<'testDevice'>; onClose: () => void }) {
  const isAccepted = outcome === 'accepted';
  return (
    <Dialog title={t('pushTest')} onClose={onClose}>
      <p>{tOr(`pushTest.${outcome}`, outcome)}</p>
      <Facts
        of={[
          [t('push.outcome'), <Badge mood={isAccepted ? 'good' : 'bad'}>{outcome}</Badge>],
          [t('pushTest.said'), reason && <span class="code">{reason}</span>],
        ]}
      />
      <div class="row end">
        <button type="button" class="main" onClick={onClose}>
          {t('close')}
        </button>
      </div>
    </Dialog>
  );
}
