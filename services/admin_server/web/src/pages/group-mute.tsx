import { call } from '../api/client.js';
import { t, when } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select } from '../ui/form.js';
import { say } from '../ui/toast.js';
import { type Group, type Member, memberName } from './group-members.js';

type Muted = Group['muted'];

/** Hours by choice; 0: for good. */
const hours = { hour: 1, day: 24, week: 7 * 24, month: 30 * 24, good: 0 } as const;
const choices = Object.keys(hours) as (keyof typeof hours)[];

/** @param muted null: not muted */
export function muteText(muted: Muted): string {
  if (!muted) return '';
  return muted.until === null ? t('mute.forGood') : t('mute.until', { at: when(muted.until) });
}

interface MuteProps {
  readonly group: Group;
  /** left out: everybody */
  readonly member?: Member | undefined;
  readonly onDone: (group: Group) => void;
  readonly onClose: () => void;
}

/** Asks for how long a member, or everybody, is muted. */
export function Mute({ group, member, onDone, onClose }: MuteProps) {
  const name = member ? memberName(member) : group.name;
  return (
    <Dialog title={member ? t('mute.member', { name }) : t('mute.everybody')} onClose={onClose}>
      <p>
        {member ? t('mute.memberAbout', { name, group: group.name }) : t('mute.everybodyAbout', { name })}
      </p>
      <Form
        submit={t('mute')}
        onCancel={onClose}
        onSubmit={async (values) => {
          const count = hours[values.text('time') as keyof typeof hours];
          const until = count === 0 ? null : new Date(Date.now() + count * 3_600_000).toISOString();
          const body = { user_id: member?.user_id ?? null, muted: true, until };
          onDone(await call('muteInGroup', { params: { group_id: group.group_id }, body }));
          say(member ? t('mute.memberDone', { name }) : t('mute.everybodyDone', { name }));
          onClose();
        }}
      >
        <Select
          name="time"
          label={t('mute.time')}
          value="day"
          options={choices.map((value) => ({ value, label: t(`mute.time.${value}`) }))}
        />
      </Form>
    </Dialog>
  );
}

/** @param member left out: everybody */
export function unmute(group: Group, member: Member | undefined, onDone: (group: Group) => void): void {
  const name = member ? memberName(member) : group.name;
  confirmThen({
    title: t('mute.lift'),
    text: member ? t('mute.liftMemberAsk', { name, group: group.name }) : t('mute.liftAsk', { name }),
    action: t('mute.lift'),
    work: async () => {
      const body = { user_id: member?.user_id ?? null, muted: false };
      onDone(await call('muteInGroup', { params: { group_id: group.group_id }, body }));
      say(t('mute.lifted', { name }));
    },
  });
}
