import { useSignal } from '@preact/signals';
import type { Session } from '@teamtalk/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import type { Chat } from '../model/chat.js';
import { imagesOf } from '../model/image-file.js';
import { sessionName } from '../model/names.js';
import { showToast } from '../model/toasts.js';
import { useAccount } from './account-context.js';
import { Composer } from './Composer.js';
import { currentDialog } from './current-dialog.js';
import { FilePanel } from './FilePanel.js';
import { FindBar } from './FindBar.js';
import { Icon } from './Icon.js';
import { SessionAvatar } from './SessionAvatar.js';
import { Timeline } from './Timeline.js';

export function ChatView({ chat }: { chat: Chat }) {
  const { sender, files } = useAccount();
  const chooser = useRef<HTMLInputElement>(null);
  const [isDropping, setDropping] = useState(false);
  const [isFinding, setFinding] = useState(false);
  const found = useSignal<number | undefined>(undefined);
  useFindKey(isFinding, () => setFinding(true));
  const receiver = 'user' in chat.session ? chat.session.user : undefined;
  const sendFiles = (given: readonly File[]) => {
    if (given.length === 0) return;
    if (!files || receiver === undefined) showToast(t.value.filesToPeople);
    else for (const file of given) files.send(receiver, file);
  };
  /** Sends images as messages and other files as file transfers. */
  const send = (given: FileList | null | undefined) => {
    const images = imagesOf(given);
    for (const image of images) void sender.sendImage(chat.session, image);
    sendFiles([...(given ?? [])].filter((file) => !images.includes(file)));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a drop zone for images; a button does the same
    <section
      class="chat"
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setDropping(false);
        send(event.dataTransfer?.files);
      }}
    >
      <ChatHeader session={chat.session} onFind={() => setFinding(!isFinding)} />
      {isFinding && <FindBar chat={chat} found={found} onClose={() => setFinding(false)} />}
      <Timeline chat={chat} found={found} />
      {receiver !== undefined && <FilePanel userId={receiver} />}
      <Composer
        chat={chat}
        onFiles={send}
        onChooseFiles={files && receiver !== undefined ? () => chooser.current!.click() : undefined}
      />
      <input
        ref={chooser}
        type="file"
        name="files"
        multiple
        hidden
        aria-label={t.value.sendFile}
        onChange={({ currentTarget }) => {
          sendFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = '';
        }}
      />
      {isDropping && <p class="drop-hint">{t.value.dropFiles}</p>}
    </section>
  );
}

/** Ctrl+F opens our search, since the browser's finds only what is near the screen; pressed again, it opens the browser's. */
function useFindKey(isFinding: boolean, open: () => void): void {
  useEffect(() => {
    if (isFinding) return;
    const onKeyDown = (event: KeyboardEvent) => {
      const isFind =
        (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === 'f';
      if (!isFind || currentDialog.value) return;
      event.preventDefault();
      open();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [isFinding]);
}

function ChatHeader({ session, onFind }: { session: Session; onFind: () => void }) {
  const account = useAccount();
  const { state } = account;
  const name = sessionName(state, session);
  return (
    <header class="chat-head">
      <button
        type="button"
        class="icon only-narrow"
        aria-label={t.value.back}
        onClick={() => account.closeChat()}
      >
        <Icon name="back" />
      </button>
      <button
        type="button"
        class="chat-title"
        title={'group' in session ? t.value.groupInfo : t.value.profile}
        onClick={() => {
          currentDialog.value =
            'group' in session
              ? { kind: 'group', groupId: session.group }
              : { kind: 'profile', userId: session.user };
        }}
      >
        <SessionAvatar session={session} />
        <span class="row-text">
          <h1>{name}</h1>
          <span class="chat-state">{stateOf(state, session)}</span>
        </span>
      </button>
      <span class="spacer" />
      <button
        type="button"
        class="icon"
        aria-label={t.value.findInChat}
        title={t.value.findInChat}
        onClick={onFind}
      >
        <Icon name="search" />
      </button>
    </header>
  );
}

function stateOf(state: ReturnType<typeof useAccount>['state'], session: Session): string {
  if ('group' in session) {
    const members = state.groups.value.get(session.group)?.groupMemberList;
    return members ? t.value.members(members.length) : '';
  }
  if (state.online.value.has(session.user)) return t.value.online;
  return state.users.value.get(session.user)?.signInfo || t.value.notOnline;
}
