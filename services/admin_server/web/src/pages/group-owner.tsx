import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { DialogEnd, useAction } from '../ui/dialog-action.js';
import { say } from '../ui/toast.js';
import type { Group } from './group-members.js';
import { callName, type User } from './user-name.js';
import { UserPicker } from './user-picker.js';

interface HandOverProps {
  readonly group: Group;
  readonly onDone: (group: Group) => void;
  readonly onClose: () => void;
}

/** Gives a group to another owner. */
export function HandOver({ group, onDone, onClose }: HandOverProps) {
  const chosen = useSignal<User | undefined>(undefined);
  const doing = useAction();
  const members = new Set(group.members.map(({ user_id }) => user_id));
  const handOver = (user: User) =>
    doing.run(async () => {
      const params = { group_id: group.group_id };
      onDone(await call('handOverGroup', { params, body: { user_id: user.user_id } }));
      say(t('owner.handedOver', { name: callName(user), group: group.name }));
      onClose();
    });
  const owner = chosen.value;
  return (
    <Dialog title={t('owner.handOver')} onClose={onClose}>
      <p>{t('owner.about', { group: group.name })}</p>
      <UserPicker
        label={t('owner.find')}
        action={t('user.choose')}
        {...(group.creator_id !== null && { without: new Set([group.creator_id]) })}
        onPick={(user) => {
          chosen.value = user;
        }}
      />
      {owner && (
        <p role="status">
          {t(members.has(owner.user_id) ? 'owner.chosen' : 'owner.chosenStranger', {
            name: callName(owner),
          })}
        </p>
      )}
      <DialogEnd
        of={doing}
        label={t('owner.handOver')}
        disabled={!owner}
        onAction={() => owner && void handOver(owner)}
        onClose={onClose}
      />
    </Dialog>
  );
}
