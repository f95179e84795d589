import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { maxAnnouncementLength } from '../../../src/api/groups.js';
import { call } from '../api/client.js';
import { newKey } from '../api/new-key.js';
import { may } from '../api/session.js';
import { type Language, language, languages, t, when } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select } from '../ui/form.js';
import { type Loaded, Ready, useLoad } from '../ui/load.js';
import { Card, Empty } from '../ui/parts.js';
import { TextArea } from '../ui/text-area.js';
import { say } from '../ui/toast.js';
import type { Group } from './group-members.js';
import { NoSender } from './no-sender.js';

const languageChoices = Object.entries(languages).map(([value, label]) => ({ value, label }));

/** The announcement of a group, and the dialog for a new one. */
export function GroupAnnouncement({ group, loaded }: { group: Group; loaded: Loaded<Group> }) {
  const writing = useSignal(false);
  const { announcement } = group;
  // The senders are bots, which only those see who see broadcasts.
  const mayAnnounce = may('groups:write') && may('broadcasts:read');
  return (
    <Card
      title={t('announcement')}
      actions={
        mayAnnounce && (
          <button
            type="button"
            class="slim"
            onClick={() => {
              writing.value = true;
            }}
          >
            {t('announcement.new')}
          </button>
        )
      }
    >
      {announcement ? (
        <>
          <p class="lines">{announcement.text}</p>
          <p class="quiet small">{t('announcement.sentAt', { at: when(announcement.sent_at) })}</p>
        </>
      ) : (
        <Empty title={t('announcement.none')}>{mayAnnounce && t('announcement.noneDo')}</Empty>
      )}
      {writing.value && (
        <Write
          group={group}
          onDone={loaded.replace}
          onClose={() => {
            writing.value = false;
          }}
        />
      )}
    </Card>
  );
}

interface WriteProps {
  readonly group: Group;
  readonly onDone: (group: Group) => void;
  readonly onClose: () => void;
}

function Write({ group, onDone, onClose }: WriteProps) {
  const text = useSignal('');
  const loaded = useLoad((signal) => call('listBroadcasts', undefined, signal), []);
  // A retry after a lost response sends nothing twice.
  const key = useMemo(newKey, [text.value]);
  return (
    <Dialog title={t('announcement.to', { name: group.name })} onClose={onClose}>
      <Ready of={loaded}>
        {({ senders }) =>
          senders.length > 0 ? (
            <Form
              submit={t('announcement.send')}
              onCancel={onClose}
              onSubmit={async (values) => {
                const body = {
                  key,
                  from_user_id: Number(values.text('from')),
                  text: values.text('text'),
                  language: values.text('label') as Language,
                };
                onDone(await call('announceInGroup', { params: { group_id: group.group_id }, body }));
                say(t('announcement.sent', { name: group.name }));
                onClose();
              }}
            >
              <TextArea
                name="text"
                label={t('announcement.text')}
                maxLength={maxAnnouncementLength}
                onInput={(typed) => {
                  text.value = typed;
                }}
              />
              <Select
                name="from"
                label={t('broadcast.from')}
                hint={t('announcement.fromHint')}
                value={String(senders[0]?.user_id)}
                options={senders.map(({ user_id, name }) => ({ value: String(user_id), label: name }))}
              />
              <Select
                name="label"
                label={t('announcement.label')}
                hint={t('announcement.labelHint')}
                value={language.peek()}
                options={languageChoices}
              />
            </Form>
          ) : (
            <NoSender />
          )
        }
      </Ready>
    </Dialog>
  );
}
