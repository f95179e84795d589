import { type Signal, useSignal } from '@preact/signals';
import { broadcastAudiences, maxChosen } from '../../../src/api/broadcasts.js';
import type { ApiRequest } from '../../../src/api/index.js';
import { t } from '../text/text.js';
import { Select } from '../ui/form.js';
import { GroupPicker } from './group-picker.js';
import { useDepartments } from './use-departments.js';
import { callName } from './user-name.js';
import { UserPicker } from './user-picker.js';

export type Audience = ApiRequest<'createBroadcast'>['body']['audience'];

/** A department, a group or a user. */
export interface Chosen {
  readonly id: number;
  readonly name: string;
}

interface TargetProps {
  readonly audience: Signal<Audience>;
  readonly chosen: Signal<readonly Chosen[]>;
}

/** Fields for the receivers of a broadcast. */
export function BroadcastTarget({ audience, chosen }: TargetProps) {
  const ids = new Set(chosen.value.map(({ id }) => id));
  const add = (one: Chosen) => {
    if (!ids.has(one.id) && ids.size < maxChosen) chosen.value = [...chosen.value, one];
  };
  return (
    <div class="stack">
      <Select
        name="audience"
        label={t('broadcast.to')}
        value={audience.value}
        options={broadcastAudiences.map((value) => ({ value, label: t(`broadcast.audience.${value}`) }))}
        onChange={(value) => {
          audience.value = value as Audience;
          chosen.value = [];
        }}
      />
      {audience.value === 'departments' && <DepartmentChoice without={ids} onPick={add} />}
      {audience.value === 'groups' && (
        <GroupPicker
          label={t('broadcast.findGroup')}
          action={t('add')}
          onPick={({ group_id: id, name }) => add({ id, name })}
        />
      )}
      {audience.value === 'users' && (
        <UserPicker
          label={t('broadcast.findUser')}
          action={t('add')}
          without={ids}
          onPick={(user) => add({ id: user.user_id, name: callName(user) })}
        />
      )}
      {chosen.value.length > 0 && (
        <ul class="chosen">
          {chosen.value.map((one) => (
            <li key={one.id}>
              {one.name}
              <button
                type="button"
                class="plain slim"
                aria-label={`${t('remove')}: ${one.name}`}
                onClick={() => {
                  chosen.value = chosen.value.filter((each) => each !== one);
                }}
              >
                {t('remove')}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface DepartmentChoiceProps {
  readonly without: ReadonlySet<number>;
  readonly onPick: (one: Chosen) => void;
}

function DepartmentChoice({ without, onPick }: DepartmentChoiceProps) {
  const { data: tree } = useDepartments();
  const id = useSignal(0);
  return (
    <div class="pick">
      <Select
        name="department"
        label={t('broadcast.findDepartment')}
        hint={t('retention.below')}
        value={String(id.value || '')}
        options={tree?.options(t('choose'), null, (node) => !without.has(node.department_id)) ?? []}
        onChange={(value) => {
          id.value = Number(value);
        }}
      />
      <button
        type="button"
        disabled={id.value === 0}
        onClick={() => {
          onPick({ id: id.value, name: tree?.fullNameOf(id.value) ?? '' });
          id.value = 0;
        }}
      >
        {t('add')}
      </button>
    </div>
  );
}
