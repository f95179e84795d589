import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { problemText } from '../api/problem.js';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { Select } from '../ui/form.js';
import { say } from '../ui/toast.js';
import { UserPicker } from './user-picker.js';
import { callName, type User } from './users.js';

const choices = ['longest', 'chosen', 'keep'] as const;
type Choice = (typeof choices)[number];

interface DepartureProps {
  readonly user: User;
  readonly onLeft: (user: User) => void;
  readonly onClose: () => void;
}

/** Marks a user as having left, after asking what to do with their groups. */
export function Departure({ user, onLeft, onClose }: DepartureProps) {
  const choice = useSignal<Choice>('longest');
  const successor = useSignal<User | undefined>(undefined);
  const busy = useSignal(false);
  const progress = useSignal<string | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const name = callName(user);
  const params = { user_id: user.user_id };

  /** @returns the number of groups left */
  async function leaveGroups(): Promise<number> {
    const body = { successor_id: choice.value === 'chosen' ? (successor.value?.user_id ?? null) : null };
    for (let count = 0; ; ) {
      const { groups, remaining } = await call('leaveGroups', { params, body });
      count += groups.length;
      if (remaining === 0) return count;
      progress.value = t('user.leaving', { count, remaining });
    }
  }

  async function leave(): Promise<void> {
    if (choice.value === 'chosen' && !successor.value) {
      failure.value = t('user.successorMissing');
      return;
    }
    busy.value = true;
    failure.value = undefined;
    try {
      // Locked out first; leaving the groups may take a while.
      const left = await call('leaveUser', { params });
      const count = choice.value === 'keep' ? 0 : await leaveGroups();
      say(count > 0 ? t('user.leaveGroupsDone', { name, count }) : t('user.leaveDone', { name }));
      onLeft(left);
      onClose();
    } catch (error) {
      failure.value = problemText(error);
    } finally {
      busy.value = false;
      progress.value = undefined;
    }
  }

  return (
    <Dialog title={t('user.leave')} onClose={onClose}>
      <p>{t('user.leaveAsk', { name, login: user.name })}</p>
      <Select
        name="groups"
        label={t('user.leaveGroups')}
        value={choice.value}
        options={choices.map((value) => ({ value, label: t(`user.leaveGroups.${value}`) }))}
        onChange={(value) => {
          choice.value = value as Choice;
        }}
      />
      {choice.value === 'chosen' && (
        <>
          <UserPicker
            label={t('user.successor')}
            action={t('user.choose')}
            without={new Set([user.user_id])}
            onPick={(picked) => {
              successor.value = picked;
              failure.value = undefined;
            }}
          />
          {successor.value && (
            <p role="status">{t('user.successorChosen', { name: callName(successor.value) })}</p>
          )}
        </>
      )}
      {progress.value && <p role="status">{progress.value}</p>}
      {failure.value && (
        <p class="notice bad" role="alert">
          {failure.value}
        </p>
      )}
      <div class="row end">
        <button type="button" onClick={onClose}>
          {t('cancel')}
        </button>
        <button type="button" class="main danger" disabled={busy.value} onClick={() => void leave()}>
          {t('user.leave')}
        </button>
      </div>
    </Dialog>
  );
}
