import { useSignal } from '@preact/signals';
import { t } from '../text/text.js';
import { callName } from './user-name.js';
import { UserPicker } from './user-picker.js';

interface UserChoiceProps {
  readonly label: string;
  /** null: nobody */
  readonly userId: number | null;
  /** shown while nobody is chosen */
  readonly nobody: string;
  readonly onChoose: (userId: number | null) => void;
}

/** An optional user in a form. */
export function UserChoice({ label, userId, nobody, onChoose }: UserChoiceProps) {
  const chosen = useSignal<string | null>(
    userId === null ? null : t('user.numbered', { id: String(userId) }),
  );
  const choose = (name: string | null, id: number | null) => {
    chosen.value = name;
    onChoose(id);
  };
  if (chosen.value === null)
    return (
      <div class="stack">
        <UserPicker
          label={label}
          action={t('choose')}
          onPick={(user) => choose(callName(user), user.user_id)}
        />
        <p class="quiet small">{nobody}</p>
      </div>
    );
  return (
    <p>
      {label}: <strong>{chosen.value}</strong>{' '}
      <button
        type="button"
        class="slim"
        aria-label={`${t('remove')}: ${chosen.value}`}
        onClick={() => choose(null, null)}
      >
        {t('remove')}
      </button>
    </p>
  );
}
