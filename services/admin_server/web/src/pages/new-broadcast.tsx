import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { maxBroadcastLength } from '../../../src/api/broadcasts.js';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { newKey } from '../api/new-key.js';
import { ApiProblem } from '../api/problem.js';
import { t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Form, Select, TextField } from '../ui/form.js';
import { Ready, useLoad } from '../ui/load.js';
import { Card, Page } from '../ui/parts.js';
import { goTo } from '../ui/route.js';
import { TextArea } from '../ui/text-area.js';
import { say } from '../ui/toast.js';
import { BroadcastPreview } from './broadcast-preview.js';
import { type Audience, BroadcastTarget, type Chosen } from './broadcast-target.js';
import { beginning, receiversText } from './broadcasts.js';
import { NoSender } from './no-sender.js';

type Sender = ApiReply<'listBroadcasts'>['senders'][number];

/** Form for a new broadcast. */
export function NewBroadcast() {
  const loaded = useLoad((signal) => call('listBroadcasts', undefined, signal), []);
  return (
    <Page title={t('broadcast.new')}>
      <Ready of={loaded}>
        {({ senders: [first, ...others], broadcasts: [last] }) =>
          first ? (
            <Compose senders={[first, ...others]} before={last?.from_user_id} />
          ) : (
            <Card>
              <NoSender />
            </Card>
          )
        }
      </Ready>
    </Page>
  );
}

interface ComposeProps {
  readonly senders: readonly [Sender, ...Sender[]];
  /** sender of the latest broadcast, offered first */
  readonly before: number | undefined;
}

function Compose({ senders, before }: ComposeProps) {
  const from = useSignal(senders.find(({ user_id }) => user_id === before) ?? senders[0]);
  const audience = useSignal<Audience>('everybody');
  const chosen = useSignal<readonly Chosen[]>([]);
  const message = useSignal('');
  const later = useSignal(false);
  const target = {
    from_user_id: from.value.user_id,
    audience: audience.value,
    ids: chosen.value.map(({ id }) => id),
  };
  // A retry after a lost response has the same key, so that it creates no second broadcast unless something has changed.
  const key = useMemo(newKey, [from.value, audience.value, chosen.value, message.value, later.value]);
  const submit = async (sendAt: string | null) => {
    if (target.audience !== 'everybody' && target.ids.length === 0) throw new ApiProblem('no-receivers');
    const query = { ...target, ids: target.ids.join(',') || undefined };
    const { receivers } = await call('previewBroadcast', { query });
    const body = { ...target, key, message: message.value.trim(), send_at: sendAt };
    const [who, what] = [receiversText(receivers), beginning(body.message)];
    confirmThen({
      title: t('broadcast.send'),
      text:
        sendAt === null
          ? t('broadcast.sendAsk', { message: what, from: from.value.name, receivers: who })
          : t('broadcast.sendLaterAsk', { message: what, from: from.value.name, at: when(sendAt) }),
      action: sendAt === null ? t('broadcast.send') : t('broadcast.schedule'),
      work: async () => {
        await call('createBroadcast', { body });
        say(t(sendAt === null ? 'broadcast.isSent' : 'broadcast.isScheduled'));
        goTo('broadcasts');
      },
    });
  };
  return (
    <div class="columns">
      <Card>
        <div class="stack">
          <BroadcastTarget audience={audience} chosen={chosen} />
          <Form
            submit={later.value ? t('broadcast.schedule') : t('broadcast.send')}
            onCancel={() => goTo('broadcasts')}
            onSubmit={(values) => submit(later.value ? momentIn(values.text('at')) : null)}
          >
            <Select
              name="from"
              label={t('broadcast.from')}
              hint={t('broadcast.fromHint')}
              value={String(from.value.user_id)}
              options={senders.map(({ user_id, name }) => ({ value: String(user_id), label: name }))}
              onChange={(value) => {
                from.value = senders.find(({ user_id }) => String(user_id) === value) ?? senders[0];
              }}
            />
            <TextArea
              name="message"
              label={t('broadcast.message')}
              maxLength={maxBroadcastLength}
              onInput={(text) => {
                message.value = text;
              }}
            />
            <Select
              name="time"
              label={t('broadcast.when')}
              value={later.value ? 'later' : 'now'}
              options={[
                { value: 'now', label: t('broadcast.now') },
                { value: 'later', label: t('broadcast.later') },
              ]}
              onChange={(value) => {
                later.value = value === 'later';
              }}
            />
            {later.value && (
              <TextField
                name="at"
                type="datetime-local"
                label={t('broadcast.at')}
                hint={t('broadcast.atHint')}
                required
              />
            )}
          </Form>
        </div>
      </Card>
      <BroadcastPreview from={from.value.name} message={message.value} target={target} />
    </div>
  );
}

/** @param typed local time */
function momentIn(typed: string): string {
  const at = new Date(typed);
  if (Number.isNaN(at.getTime()) || at.getTime() <= Date.now()) throw new ApiProblem('not-later');
  return at.toISOString();
}
