import { useSignal } from '@preact/signals';
import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { problemText } from '../api/problem.js';
import { may } from '../api/session.js';
import { t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import type { Loaded } from '../ui/load.js';
import { Badge, Card, Empty, Person } from '../ui/parts.js';
import { RowAction } from '../ui/row-action.js';
import { type Column, Table } from '../ui/table.js';
import { say } from '../ui/toast.js';
import { Mute, muteText, unmute } from './group-mute.js';
import { callName, type User } from './user-name.js';
import { UserPicker } from './user-picker.js';

export type Group = ApiReply<'getGroup'>;
export type Member = Group['members'][number];

/** Members rendered at first, and more at each click. */
const shownAtOnce = 200;

export const memberName = ({ nick_name, name }: Member) => nick_name.trim() || name;

export function Members({ group, loaded }: { group: Group; loaded: Loaded<Group> }) {
  const adding = useSignal(false);
  const shown = useSignal(shownAtOnce);
  const muting = useSignal<Member | undefined>(undefined);
  const { group_id, members } = group;
  const change = async (kind: 'add' | 'remove', userId: number) => {
    const { changed_ids } = await call('changeGroupMembers', {
      params: { group_id },
      body: { change: kind, user_ids: [userId] },
    });
    loaded.reload();
    return changed_ids.includes(userId);
  };
  const add = async (user: User) => {
    try {
      const added = await change('add', user.user_id);
      say(t(added ? 'group.added' : 'group.notAdded', { name: callName(user), group: group.name }));
    } catch (error) {
      say(problemText(error));
    }
  };
  const remove = (member: Member) =>
    confirmThen({
      title: t('group.removeMember'),
      text: t(members.length === 1 ? 'group.removeLastAsk' : 'group.removeAsk', {
        name: memberName(member),
        group: group.name,
      }),
      action: t('remove'),
      danger: true,
      work: async () => {
        await change('remove', member.user_id);
        say(t('group.removed', { name: memberName(member), group: group.name }));
      },
    });
  const ids = new Set(members.map(({ user_id }) => user_id));
  return (
    <Card
      flush
      title={t('group.membersOf', { count: members.length })}
      actions={
        may('groups:write') && (
          <button
            type="button"
            class="slim"
            aria-expanded={adding.value}
            onClick={() => {
              adding.value = !adding.value;
            }}
          >
            {t('group.addMembers')}
          </button>
        )
      }
    >
      {adding.value && (
        <div class="body">
          <UserPicker
            label={t('group.findMember')}
            action={t('add')}
            without={ids}
            onPick={(user) => void add(user)}
          />
        </div>
      )}
      {members.length > 0 ? (
        <Table
          caption={t('group.members')}
          saveAs="members"
          rows={members.slice(0, shown.value)}
          keyOf={({ user_id }) => user_id}
          columns={columns((member) => {
            if (member.muted) unmute(group, member, loaded.replace);
            else muting.value = member;
          }, remove)}
          busy={loaded.busy}
        />
      ) : (
        <Empty title={t('group.empty')}>{t('group.emptyDo')}</Empty>
      )}
      {members.length > shown.value && (
        <div class="more">
          <button
            type="button"
            onClick={() => {
              shown.value += shownAtOnce;
            }}
          >
            {t('more')}
          </button>
        </div>
      )}
      {muting.value && (
        <Mute
          group={group}
          member={muting.value}
          onDone={loaded.replace}
          onClose={() => {
            muting.value = undefined;
          }}
        />
      )}
    </Card>
  );
}

function columns(mute: (member: Member) => void, remove: (member: Member) => void): Column<Member>[] {
  const shown: Column<Member>[] = [
    {
      label: t('user.name'),
      cell: (member) => (
        <>
          <a href={`#/users/${member.user_id}`}>
            <Person name={memberName(member)} login={member.name} />
          </a>
          {member.muted && <Badge mood="warn">{muteText(member.muted)}</Badge>}
        </>
      ),
    },
    { label: t('id'), cell: ({ user_id }) => String(user_id), number: true },
  ];
  if (!may('groups:write')) return shown;
  return [
    ...shown,
    {
      label: t('actions'),
      actions: true,
      cell: (member) => (
        <>
          <RowAction
            label={t(member.muted ? 'mute.lift' : 'mute')}
            name={memberName(member)}
            onClick={() => mute(member)}
          />
          <RowAction label={t('remove')} name={memberName(member)} danger onClick={() => remove(member)} />
        </>
      ),
    },
  ];
}
