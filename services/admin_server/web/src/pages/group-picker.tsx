import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Picker } from '../ui/picker.js';

const limit = 20;

type GroupHit = ApiReply<'findGroups'>['groups'][number];

interface GroupPickerProps {
  readonly label: string;
  readonly action: string;
  readonly onPick: (group: GroupHit) => void;
}

/** Searches for groups while a name is typed. */
export function GroupPicker(props: GroupPickerProps) {
  return (
    <Picker<GroupHit>
      {...props}
      name="find-group"
      placeholder={t('groups.searchIn')}
      find={async (text, signal) => (await call('findGroups', { query: { text, limit } }, signal)).groups}
      keyOf={({ group_id }) => group_id}
      nameOf={({ name }) => name}
      show={({ name, group_id }) => (
        <span>
          {name} <span class="quiet small">{group_id}</span>
        </span>
      )}
      none={t('groups.noneFound')}
    />
  );
}
