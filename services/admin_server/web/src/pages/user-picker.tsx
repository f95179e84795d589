import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Person } from '../ui/parts.js';
import { Picker } from '../ui/picker.js';
import { callName, type User } from './user-name.js';

const limit = 20;

interface UserPickerProps {
  readonly label: string;
  readonly action: string;
  /** left out: only users who have not left */
  readonly status?: 'present' | 'left' | 'all';
  /** ids that cannot be picked */
  readonly without?: ReadonlySet<number>;
  readonly onPick: (user: User) => void;
}

/** Searches for users while a name is typed. */
export function UserPicker({ status = 'present', ...props }: UserPickerProps) {
  return (
    <Picker<User>
      {...props}
      name="find-user"
      placeholder={t('users.searchIn')}
      find={async (text, signal) =>
        (await call('findUsers', { query: { text, limit, status } }, signal)).users
      }
      keyOf={({ user_id }) => user_id}
      nameOf={callName}
      show={(user) => <Person name={callName(user)} login={user.name} />}
      none={t('users.noneFound')}
    />
  );
}
