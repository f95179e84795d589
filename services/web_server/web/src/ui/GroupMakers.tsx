import { useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { nameOfUser } from '../model/names.js';
import { useAccount } from './account-context.js';
import { closeDialog, currentDialog } from './current-dialog.js';
import { Dialog } from './Dialog.js';
import { MemberPicker } from './MemberPicker.js';
import { runAction } from './run-action.js';

const none: readonly number[] = [];

export function NewGroupDialog() {
  const account = useAccount();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [isBusy, setBusy] = useState(false);
  const create = async (event: Event) => {
    event.preventDefault();
    if (isBusy || chosen.size === 0) return;
    setBusy(true);
    const isDone = await runAction(async () => {
      const groupId = await account.groups.create(name.trim() || nameOfMembers(), [...chosen]);
      void account.open({ group: groupId });
    });
    if (isDone) closeDialog();
    else setBusy(false);
  };
  /** The default group name, as old clients make it. */
  const nameOfMembers = () => {
    const { users } = account.state;
    const names = [account.state.ownId, ...chosen]
      .map((id) => users.value.get(id))
      .filter((user) => user !== undefined);
    return names.map(nameOfUser).join(', ').slice(0, 50);
  };
  return (
    <Dialog title={t.value.newGroup} onClose={closeDialog}>
      <form class="fields" onSubmit={(event) => void create(event)}>
        <label>
          {t.value.groupName}
          <input
            name="group-name"
            value={name}
            maxLength={50}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <MemberPicker chosen={chosen} onChange={setChosen} except={none} />
        <div class="actions">
          <button type="button" onClick={closeDialog}>
            {t.value.cancel}
          </button>
          <button type="submit" class="primary" disabled={chosen.size === 0 || isBusy}>
            {t.value.createGroup}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function AddMembersDialog({ groupId }: { groupId: number }) {
  const { state, groups } = useAccount();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const members = state.groups.value.get(groupId)?.groupMemberList ?? none;
  const back = () => {
    currentDialog.value = { kind: 'group', groupId };
  };
  const add = async (event: Event) => {
    event.preventDefault();
    if (chosen.size > 0 && (await runAction(() => groups.add(groupId, [...chosen])))) back();
  };
  return (
    <Dialog title={t.value.addMembers} onClose={back}>
      <form class="fields" onSubmit={(event) => void add(event)}>
        <MemberPicker chosen={chosen} onChange={setChosen} except={members} />
        <div class="actions">
          <button type="button" onClick={back}>
            {t.value.cancel}
          </button>
          <button type="submit" class="primary" disabled={chosen.size === 0}>
            {t.value.add}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
