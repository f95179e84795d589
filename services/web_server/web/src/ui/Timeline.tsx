import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import type { Chat } from '../model/chat.js';
import { outgoingOf } from '../model/outgoing.js';
import { type TimelineItem, timelineOf } from '../model/timeline.js';
import { useAccount } from './account-context.js';
import { Icon } from './Icon.js';
import { MessageRow, OutgoingRow } from './MessageRow.js';
import { dayText } from './times.js';

/** How near to the top older messages are loaded, pixels. */
const loadAhead = 400;
/** How near to the bottom counts as being there. */
const bottomSlack = 40;

/**
 * The messages of a conversation. The scroller is a reversed column: its position counts from the bottom, so it stays at the
 * newest message, and what is put in above moves nothing.
 */
export function Timeline({ chat }: { chat: Chat }) {
  const { state } = useAccount();
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtBottom, setAtBottom] = useState(true);
  const messages = chat.messages.value;
  const outgoing = outgoingOf(state.outgoing.value, chat.session);
  const readUpTo = chat.readUpTo.value;
  const items = useMemo(
    () => timelineOf(messages, outgoing, readUpTo, state.ownId),
    [messages, state.outgoing.value, readUpTo],
  );
  const isLoading = chat.isLoading.value;
  const hasOlder = chat.hasOlder.value;
  const hasFailed = chat.hasFailed.value;

  // Older messages until the screen is full, and ahead of whoever scrolls up.
  const onScroll = () => {
    const element = scroller.current!;
    setAtBottom(element.scrollTop > -bottomSlack);
    chat.isAtNewest = element.scrollTop > -bottomSlack;
    const above = element.scrollHeight - element.clientHeight + element.scrollTop;
    if (above < loadAhead && messages.length > 0 && hasOlder && !hasFailed) void chat.loadOlder();
  };
  useEffect(onScroll, [messages.length, hasOlder]);

  useLayoutEffect(() => {
    if (readUpTo === undefined || !isAtBottom) return;
    scroller.current!.querySelector('.unread-line')?.scrollIntoView({ block: 'center' });
  }, [readUpTo]);

  // Whoever sends sees what they have sent.
  const lastOutgoing = outgoing.at(-1)?.key;
  useLayoutEffect(() => {
    if (lastOutgoing !== undefined) scroller.current!.scrollTop = 0;
  }, [lastOutgoing]);

  return (
    <div class="timeline-frame">
      <div
        class="timeline"
        ref={scroller}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
        tabIndex={0}
        aria-label={t.value.messages}
        role="log"
      >
        <div class="timeline-items">
          <Top
            isLoading={isLoading}
            hasFailed={hasFailed}
            hasOlder={hasOlder}
            isEmpty={messages.length === 0}
            chat={chat}
          />
          {items.map((item) => (
            <Item key={item.key} item={item} chat={chat} />
          ))}
        </div>
      </div>
      {!isAtBottom && (
        <button
          type="button"
          class="icon to-newest"
          aria-label={t.value.jumpToNewest}
          title={t.value.jumpToNewest}
          onClick={() => {
            scroller.current!.scrollTop = 0;
          }}
        >
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}

interface TopProps {
  chat: Chat;
  isLoading: boolean;
  hasFailed: boolean;
  hasOlder: boolean;
  isEmpty: boolean;
}

function Top({ chat, isLoading, hasFailed, hasOlder, isEmpty }: TopProps) {
  if (isLoading) return <p class="top">{t.value.loading}</p>;
  if (hasFailed) {
    return (
      <p class="top">
        {t.value.loadFailed}{' '}
        <button type="button" class="link" onClick={() => void chat.loadOlder()}>
          {t.value.retry}
        </button>
      </p>
    );
  }
  if (!hasOlder) return <p class="top">{t.value.beginning}</p>;
  if (isEmpty) return null;
  return (
    <p class="top">
      <button type="button" class="link" onClick={() => void chat.loadOlder()}>
        {t.value.loadOlder}
      </button>
    </p>
  );
}

function Item({ item, chat }: { item: TimelineItem; chat: Chat }) {
  switch (item.kind) {
    case 'day':
      return <p class="day">{dayText(item.day)}</p>;
    case 'unread':
      return (
        <p class="unread-line">
          <span>{t.value.newMessages}</span>
        </p>
      );
    case 'message':
      return <MessageRow message={item.message} isFirst={item.isFirst} isGroup={'group' in chat.session} />;
    case 'outgoing':
      return <OutgoingRow outgoing={item.outgoing} />;
  }
}
