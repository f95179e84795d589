import { useMemo, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { searchUsers } from '../model/directory.js';
import { nameOfUser } from '../model/names.js';
import { Avatar } from './Avatar.js';
import { useAccount } from './account-context.js';
import { colleaguesOf } from './Contacts.js';
import { SearchField } from './SearchField.js';

const mostShown = 200;

interface MemberPickerProps {
  chosen: ReadonlySet<number>;
  onChange: (chosen: ReadonlySet<number>) => void;
  /** Users who are already members. */
  except: readonly number[];
}

export function MemberPicker({ chosen, onChange, except }: MemberPickerProps) {
  const { state } = useAccount();
  const [query, setQuery] = useState('');
  const users = state.users.value;
  const candidates = useMemo(
    () => colleaguesOf(users, state.ownId).filter(({ userId }) => !except.includes(userId)),
    [users, except],
  );
  const toggle = (userId: number) => {
    const changed = new Set(chosen);
    if (!changed.delete(userId)) changed.add(userId);
    onChange(changed);
  };
  return (
    <fieldset class="member-picker">
      <legend>
        {t.value.chooseMembers} <small>{t.value.chosen(chosen.size)}</small>
      </legend>
      <SearchField label={t.value.searchContacts} value={query} onInput={setQuery} />
      <div class="picker-rows">
        {searchUsers(candidates, query)
          .slice(0, mostShown)
          .map((user) => (
            <label key={user.userId} class="row">
              <input
                type="checkbox"
                checked={chosen.has(user.userId)}
                data-user={user.userId}
                onChange={() => toggle(user.userId)}
              />
              <Avatar name={nameOfUser(user)} id={user.userId} url={user.avatarUrl} />
              <span class="row-name">{nameOfUser(user)}</span>
            </label>
          ))}
      </div>
    </fieldset>
  );
}
