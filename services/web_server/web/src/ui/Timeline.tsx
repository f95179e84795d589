import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import type { Chat } from '../model/chat.js';
import { outgoingOf } from '../model/outgoing.js';
import { messageKey, type TimelineItem, timelineOf } from '../model/timeline.js';
import { useAccount } from './account-context.js';
import { Icon } from './Icon.js';
import { MessageRow, OutgoingRow } from './MessageRow.js';
import { TimelineEnd } from './TimelineEnd.js';
import { dayText } from './times.js';
import { useRowWindow } from './use-row-window.js';

interface TimelineProps {
  chat: Chat;
  /** The id of the current search match. */
  found: ReadonlySignal<number | undefined>;
}

/** Distance from an end of the loaded messages at which more are loaded, pixels. */
const loadAhead = 400;
/** Distance from the bottom that still counts as the bottom, pixels. */
const bottomSlack = 40;

/**
 * The messages of a conversation. The scroller is a reversed column: its scroll position counts from the bottom, so it stays
 * at the newest message, and rows that are added at the top move nothing. Only rows near the screen are in the document.
 */
export function Timeline({ chat, found }: TimelineProps) {
  const { state } = useAccount();
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtBottom, setAtBottom] = useState(true);
  const messages = chat.messages.value;
  const hasNewer = chat.hasNewer.value;
  const hasOlder = chat.hasOlder.value;
  const outgoing = outgoingOf(state.outgoing.value, chat.session);
  const readUpTo = chat.readUpTo.value;
  const items = useMemo(
    // Unsent messages come after the newest message.
    () => timelineOf(messages, hasNewer ? [] : outgoing, readUpTo, state.ownId),
    [messages, hasNewer, state.outgoing.value, readUpTo],
  );
  const { parts, moved, show, holdEnd } = useRowWindow(scroller, items);

  // Loads more until the screen is full, and ahead of the scroll position.
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    moved();
    setAtBottom(scrollTop > -bottomSlack);
    chat.isAtNewest = scrollTop > -bottomSlack && !hasNewer;
    holdEnd(chat.isAtNewest);
    if (messages.length === 0 || chat.failed.peek()) return;
    if (scrollTop > -loadAhead && hasNewer) void chat.loadNewer();
    else if (scrollHeight - clientHeight + scrollTop < loadAhead && hasOlder) void chat.loadOlder();
  };
  useEffect(onScroll, [messages, hasOlder, hasNewer]);

  useLayoutEffect(() => {
    if (readUpTo !== undefined && isAtBottom) show('unread');
  }, [readUpTo]);

  const foundId = found.value;
  useLayoutEffect(() => {
    if (foundId !== undefined) show(messageKey(foundId));
  }, [foundId]);

  const toNewest = () => {
    void chat.showNewest();
    scroller.current!.scrollTop = 0;
    onScroll();
  };
  // Scrolls to a message that the user has just sent.
  const lastOutgoing = outgoing.at(-1)?.key;
  useLayoutEffect(() => {
    if (lastOutgoing !== undefined) toNewest();
  }, [lastOutgoing]);

  return (
    <div class="timeline-frame">
      <div
        class="timeline"
        ref={scroller}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: needed to scroll with the keyboard
        tabIndex={0}
        aria-label={t.value.messages}
        role="log"
        // Off while scrolled up: messages that scroll back into view are not new.
        aria-live={isAtBottom && !hasNewer ? 'polite' : 'off'}
      >
        <div class="timeline-items">
          <TimelineEnd chat={chat} end="older" />
          {parts.map((part) =>
            part.kind === 'row' ? (
              <Item key={part.key} item={part.row} chat={chat} foundId={foundId} />
            ) : (
              <div key={part.key} class="gap" style={{ height: `${part.height}px` }} />
            ),
          )}
          <TimelineEnd chat={chat} end="newer" />
        </div>
      </div>
      {(!isAtBottom || hasNewer) && (
        <button
          type="button"
          class="icon to-newest"
          aria-label={t.value.jumpToNewest}
          title={t.value.jumpToNewest}
          onClick={toNewest}
        >
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}

interface ItemProps {
  item: TimelineItem;
  chat: Chat;
  foundId: number | undefined;
}

function Item({ item, chat, foundId }: ItemProps) {
  switch (item.kind) {
    case 'day':
      return (
        <p class="day" data-row={item.key}>
          {dayText(item.day)}
        </p>
      );
    case 'unread':
      return (
        <p class="unread-line" data-row={item.key}>
          <span>{t.value.newMessages}</span>
        </p>
      );
    case 'message':
      return (
        <MessageRow
          row={item.key}
          message={item.message}
          isFirst={item.isFirst}
          isGroup={'group' in chat.session}
          isFound={item.message.id === foundId}
        />
      );
    case 'outgoing':
      return <OutgoingRow row={item.key} outgoing={item.outgoing} />;
  }
}
