import { useSignal } from '@preact/signals';
import { t } from '../i18n/index.js';
import type { Account } from '../model/account.js';
import { nameOfUser } from '../model/names.js';
import { Avatar } from './Avatar.js';
import { AccountContext } from './account-context.js';
import { ChatView } from './ChatView.js';
import { Contacts } from './Contacts.js';
import { ConversationList } from './ConversationList.js';
import { currentDialog } from './current-dialog.js';
import { Dialogs } from './Dialogs.js';
import { Icon, type IconName } from './Icon.js';

type Tab = 'chats' | 'contacts';

export function MainScreen({ account }: { account: Account }) {
  const tab = useSignal<Tab>('chats');
  const { state } = account;
  const chat = state.openChat.value;
  return (
    <AccountContext.Provider value={account}>
      <div class={`main-screen ${chat ? 'has-chat' : ''}`}>
        <nav class="rail">
          <OwnAvatar account={account} />
          <RailButton
            icon="chats"
            label={t.value.conversations}
            count={state.unreadTotal.value}
            isCurrent={tab.value === 'chats'}
            onClick={() => {
              tab.value = 'chats';
            }}
          />
          <RailButton
            icon="people"
            label={t.value.contacts}
            isCurrent={tab.value === 'contacts'}
            onClick={() => {
              tab.value = 'contacts';
            }}
          />
          <span class="spacer" />
          <RailButton
            icon="settings"
            label={t.value.settings}
            onClick={() => {
              currentDialog.value = { kind: 'settings' };
            }}
          />
        </nav>
        <div class="side">
          {tab.value === 'chats' ? (
            <ConversationList />
          ) : (
            <Contacts
              onOpen={(session) => {
                tab.value = 'chats';
                void account.open(session);
              }}
            />
          )}
        </div>
        <main class="content">
          {!state.isOnline.value && (
            <p class="banner" role="alert">
              {t.value.offline}
            </p>
          )}
          {chat ? <ChatView key={chat.key} chat={chat} /> : <p class="empty">{t.value.noChatOpen}</p>}
        </main>
        <Dialogs />
      </div>
    </AccountContext.Provider>
  );
}

function OwnAvatar({ account: { state } }: { account: Account }) {
  const { self } = state;
  if (!self) return null;
  return (
    <button
      type="button"
      class="own"
      aria-label={t.value.ownProfile}
      title={nameOfUser(self)}
      onClick={() => {
        currentDialog.value = { kind: 'profile', userId: self.userId };
      }}
    >
      <Avatar name={nameOfUser(self)} id={self.userId} url={self.avatarUrl} isOnline={state.isOnline.value} />
    </button>
  );
}

interface RailButtonProps {
  icon: IconName;
  label: string;
  count?: number;
  isCurrent?: boolean;
  onClick: () => void;
}

function RailButton({ icon, label, count = 0, isCurrent = false, onClick }: RailButtonProps) {
  return (
    <button
      type="button"
      class="rail-button"
      aria-label={count > 0 ? `${label}, ${t.value.unread(count)}` : label}
      aria-current={isCurrent ? 'page' : undefined}
      title={label}
      onClick={onClick}
    >
      <Icon name={icon} />
      {count > 0 && <span class="badge">{count > 99 ? '99+' : count}</span>}
    </button>
  );
}
