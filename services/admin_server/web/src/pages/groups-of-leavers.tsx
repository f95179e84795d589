import { type Signal, useSignal } from '@preact/signals';
import { t } from '../text/text.js';
import { Select } from '../ui/form.js';
import { callName, type User } from './user-name.js';
import { UserPicker } from './user-picker.js';

const choices = ['longest', 'chosen', 'keep'] as const;
type Choice = (typeof choices)[number];

/** What happens to the groups of users who leave. */
interface GroupsChoice {
  readonly choice: Signal<Choice>;
  readonly successor: Signal<User | undefined>;
  /** null: the longest-standing member of each group */
  readonly successorId: () => number | null;
  /** whether a successor is still to be chosen */
  readonly isIncomplete: () => boolean;
}

export function useGroupsChoice(): GroupsChoice {
  const choice = useSignal<Choice>('longest');
  const successor = useSignal<User | undefined>(undefined);
  return {
    choice,
    successor,
    successorId: () => (choice.value === 'chosen' ? (successor.value?.user_id ?? null) : null),
    isIncomplete: () => choice.value === 'chosen' && !successor.value,
  };
}

interface GroupsOfLeaversProps {
  readonly of: GroupsChoice;
  /** users who cannot take over */
  readonly without: ReadonlySet<number>;
  readonly onPick: () => void;
}

/** Fields for what happens to the groups of users who leave. */
export function GroupsOfLeavers({ of: { choice, successor }, without, onPick }: GroupsOfLeaversProps) {
  return (
    <>
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
            without={without}
            onPick={(picked) => {
              successor.value = picked;
              onPick();
            }}
          />
          {successor.value && (
            <p role="status">{t('user.successorChosen', { name: callName(successor.value) })}</p>
          )}
        </>
      )}
    </>
  );
}
