import { t } from '../i18n/index.js';
import { closeDialog, currentDialog } from './current-dialog.js';
import { Dialog } from './Dialog.js';
import { GroupDialog } from './GroupDialog.js';
import { AddMembersDialog, NewGroupDialog } from './GroupMakers.js';
import { ProfileDialog } from './ProfileDialog.js';
import { SettingsDialog } from './SettingsDialog.js';

export function Dialogs() {
  const { value } = currentDialog;
  switch (value?.kind) {
    case 'settings':
      return <SettingsDialog />;
    case 'profile':
      return <ProfileDialog key={value.userId} userId={value.userId} />;
    case 'new-group':
      return <NewGroupDialog />;
    case 'group':
      return <GroupDialog groupId={value.groupId} />;
    case 'add-members':
      return <AddMembersDialog groupId={value.groupId} />;
    case 'image':
      return (
        <Dialog title={t.value.image} onClose={closeDialog} isWide>
          <img class="full-image" src={value.url} alt={t.value.image} />
        </Dialog>
      );
    default:
      return null;
  }
}
