import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { DialogEnd, useAction } from '../ui/dialog-action.js';
import { say } from '../ui/toast.js';
import { GroupsOfLeavers, useGroupsChoice } from './groups-of-leavers.js';
import { callName, type User } from './user-name.js';

interface DepartureProps {
  readonly user: User;
  readonly onLeft: (user: User) => void;
  readonly onClose: () => void;
}

/** Marks a user as having left, after asking what to do with their groups. */
export function Departure({ user, onLeft, onClose }: DepartureProps) {
  const groups = useGroupsChoice();
  const doing = useAction();
  const progress = useSignal<string | undefined>(undefined);
  const name = callName(user);
  const params = { user_id: user.user_id };

  /** @returns the number of groups left */
  async function leaveGroups(): Promise<number> {
    const body = { successor_id: groups.successorId() };
    for (let count = 0; ; ) {
      const { groups, remaining } = await call('leaveGroups', { params, body });
      count += groups.length;
      if (remaining === 0) return count;
      progress.value = t('user.leaving', { count, remaining });
    }
  }

  async function leave(): Promise<void> {
    if (groups.isIncomplete()) {
      doing.failure.value = t('user.successorMissing');
      return;
    }
    await doing.run(async () => {
      // Locked out first; leaving the groups may take a while.
      const left = await call('leaveUser', { params });
      const count = groups.choice.value === 'keep' ? 0 : await leaveGroups();
      say(count > 0 ? t('user.leaveGroupsDone', { name, count }) : t('user.leaveDone', { name }));
      onLeft(left);
      onClose();
    });
    progress.value = undefined;
  }

  return (
    <Dialog title={t('user.leave')} onClose={onClose}>
      <p>{t('user.leaveAsk', { name, login: user.name })}</p>
      <GroupsOfLeavers
        of={groups}
        without={new Set([user.user_id])}
        onPick={() => {
          doing.failure.value = undefined;
        }}
      />
      {progress.value && <p role="status">{progress.value}</p>}
      <DialogEnd of={doing} label={t('user.leave')} danger onAction={() => void leave()} onClose={onClose} />
    </Dialog>
  );
}
