import { useComputed } from '@preact/signals';
import { useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import type { Conversation } from '../model/conversations.js';
import { previewLine, sessionName } from '../model/names.js';
import { useAccount } from './account-context.js';
import { moveFocus } from './arrow-keys.js';
import { currentDialog } from './current-dialog.js';
import { Icon, type IconName } from './Icon.js';
import { SearchField } from './SearchField.js';
import { SessionAvatar } from './SessionAvatar.js';
import { shortTime } from './times.js';

export function ConversationList() {
  const { state } = useAccount();
  const [query, setQuery] = useState('');
  const words = query.trim().toLowerCase();
  const shown = state.recent.value.filter(({ session }) =>
    sessionName(state, session).toLowerCase().includes(words),
  );
  const isEmpty = state.isLoaded.value && state.recent.value.length === 0;
  return (
    <section class="list-pane" aria-label={t.value.conversations}>
      <div class="list-head">
        <SearchField label={t.value.searchChats} value={query} onInput={setQuery} />
        <button
          type="button"
          class="icon"
          aria-label={t.value.newGroup}
          title={t.value.newGroup}
          onClick={() => {
            currentDialog.value = { kind: 'new-group' };
          }}
        >
          <Icon name="group" />
        </button>
      </div>
      {isEmpty && <p class="empty">{t.value.noChats}</p>}
      {!isEmpty && shown.length === 0 && (
        <p class="empty">{state.isLoaded.value ? t.value.nothingFound : t.value.loading}</p>
      )}
      <ul class="rows" onKeyDown={moveFocus}>
        {shown.map((conversation) => (
          <Row key={conversation.key} conversation={conversation} />
        ))}
      </ul>
    </section>
  );
}

function Row({ conversation }: { conversation: Conversation }) {
  const account = useAccount();
  const { state } = account;
  const { session, key, text, from, time, unread } = conversation;
  // Redraws only the two affected rows of hundreds when another chat is opened.
  const isOpen = useComputed(() => state.openChat.value?.key === key).value;
  const isMuted = state.isMuted(session);
  const hasFile =
    'user' in session &&
    state.files.value.some((file) => file.userId === session.user && file.state === 'offered');
  return (
    <li>
      <button
        type="button"
        class="row"
        aria-current={isOpen ? 'true' : undefined}
        data-session={key}
        onClick={() => void account.open(session)}
      >
        <SessionAvatar session={session} />
        <span class="row-text">
          <span class="row-line">
            <span class="row-name">{sessionName(state, session)}</span>
            {state.marks.pinned.value.has(key) && <Mark icon="pin" label={t.value.pinned} />}
            {isMuted && <Mark icon="muted" label={t.value.muted} />}
            {hasFile && <Mark icon="file" label={t.value.fileWaits} />}
            <time>{time > 0 && shortTime(time)}</time>
          </span>
          <span class="row-line">
            <span class="row-preview">{previewLine(state, session, text, from)}</span>
            {unread > 0 && (
              <span class={`badge ${isMuted ? 'quiet' : ''}`} role="img" aria-label={t.value.unread(unread)}>
                {unread > 99 ? '99+' : unread}
              </span>
            )}
          </span>
        </span>
      </button>
    </li>
  );
}

function Mark({ icon, label }: { icon: IconName; label: string }) {
  return (
    <span class="row-mark" role="img" aria-label={label} title={label}>
      <Icon name={icon} />
    </span>
  );
}
