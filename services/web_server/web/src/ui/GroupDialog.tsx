import { useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { nameOfUser, userName } from '../model/names.js';
import { Avatar } from './Avatar.js';
import { useAccount } from './account-context.js';
import { closeDialog, currentDialog } from './current-dialog.js';
import { Dialog } from './Dialog.js';
import { MarkSwitches } from './MarkSwitches.js';
import { runAction } from './run-action.js';

export function GroupDialog({ groupId }: { groupId: number }) {
  const account = useAccount();
  const { state, groups } = account;
  const [isLeaving, setLeaving] = useState(false);
  const group = state.groups.value.get(groupId);
  if (!group) {
    return (
      <Dialog title={t.value.group(groupId)} onClose={closeDialog}>
        <p>{t.value.loading}</p>
      </Dialog>
    );
  }
  const members = group.groupMemberList ?? [];
  const mayRemove = group.groupCreatorId === state.ownId;
  return (
    <Dialog title={group.groupName || t.value.group(groupId)} onClose={closeDialog}>
      <label class="switch">
        <input
          type="checkbox"
          checked={group.shieldStatus === 1}
          onChange={({ currentTarget }) =>
            void runAction(() => groups.setMuted(groupId, currentTarget.checked))
          }
        />
        <span>
          {t.value.mute}
          <small>{t.value.muteHint}</small>
        </span>
      </label>
      <MarkSwitches session={{ group: groupId }} />
      <h3>{t.value.members(members.length)}</h3>
      <ul class="members">
        {members.map((userId) => {
          const user = state.users.value.get(userId);
          const name = user ? nameOfUser(user) : userName(state, userId);
          return (
            <li key={userId} class="member">
              <Avatar
                name={name}
                id={userId}
                url={user?.avatarUrl ?? ''}
                isOnline={state.online.value.has(userId)}
              />
              <button
                type="button"
                class="member-name"
                onClick={() => {
                  currentDialog.value = { kind: 'profile', userId };
                }}
              >
                {name}
                {userId === group.groupCreatorId && <small>{t.value.creator}</small>}
              </button>
              {mayRemove && userId !== state.ownId && (
                <button
                  type="button"
                  class="link"
                  aria-label={t.value.removeMember(name)}
                  onClick={() => void runAction(() => groups.remove(groupId, userId))}
                >
                  {t.value.remove}
                </button>
              )}
            </li>
          );
        })}
      </ul>
      <div class="actions">
        {isLeaving ? (
          <>
            <span>{t.value.leaveQuestion}</span>
            <button type="button" onClick={() => setLeaving(false)}>
              {t.value.cancel}
            </button>
            <button
              type="button"
              class="danger"
              onClick={() =>
                void runAction(async () => {
                  await groups.leave(groupId);
                  closeDialog();
                })
              }
            >
              {t.value.leaveGroup}
            </button>
          </>
        ) : (
          <>
            <RemoveChat groupId={groupId} />
            <button type="button" onClick={() => setLeaving(true)}>
              {t.value.leaveGroup}
            </button>
            <button
              type="button"
              class="primary"
              onClick={() => {
                currentDialog.value = { kind: 'add-members', groupId };
              }}
            >
              {t.value.addMembers}
            </button>
          </>
        )}
      </div>
    </Dialog>
  );
}

function RemoveChat({ groupId }: { groupId: number }) {
  const account = useAccount();
  return (
    <button
      type="button"
      class="link"
      onClick={() =>
        void runAction(async () => {
          await account.removeConversation({ group: groupId });
          closeDialog();
        })
      }
    >
      {t.value.removeChat}
    </button>
  );
}
