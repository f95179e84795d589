import type { Signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import type { Chat } from '../model/chat.js';
import { messagesWith } from '../model/find.js';
import { Icon } from './Icon.js';
import { SearchField } from './SearchField.js';

interface FindBarProps {
  chat: Chat;
  /** The id of the match to show. */
  found: Signal<number | undefined>;
  onClose: () => void;
}

/** Searches the loaded messages. Most are not in the document, so the browser's search cannot find them. */
export function FindBar({ chat, found, onClose }: FindBarProps) {
  const bar = useRef<HTMLElement>(null);
  const [words, setWords] = useState('');
  const messages = chat.messages.value;
  const matches = useMemo(() => messagesWith(messages, words), [messages, words]);
  const at = matches.indexOf(found.value ?? 0);
  useEffect(() => {
    bar.current!.querySelector('input')!.focus();
    return () => {
      found.value = undefined;
    };
  }, []);
  useEffect(() => {
    found.value = matches[0];
  }, [words]);
  const step = (by: 1 | -1) => {
    found.value = matches[(at + by + matches.length) % matches.length];
  };
  return (
    <search
      class="find-bar"
      ref={bar}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
        if (event.key === 'Enter' && event.target instanceof HTMLInputElement) step(event.shiftKey ? -1 : 1);
      }}
    >
      <SearchField label={t.value.findInChat} value={words} onInput={setWords} />
      <span role="status">
        {words.trim() !== '' &&
          (matches.length > 0 ? t.value.match(at + 1, matches.length) : t.value.nothingFound)}
      </span>
      <FindButton icon="up" label={t.value.olderMatch} onClick={() => step(1)} isOff={matches.length === 0} />
      <FindButton
        icon="down"
        label={t.value.newerMatch}
        onClick={() => step(-1)}
        isOff={matches.length === 0}
      />
      <FindButton icon="close" label={t.value.close} onClick={onClose} />
    </search>
  );
}

interface FindButtonProps {
  icon: 'up' | 'down' | 'close';
  label: string;
  isOff?: boolean;
  onClick: () => void;
}

function FindButton({ icon, label, isOff = false, onClick }: FindButtonProps) {
  return (
    <button type="button" class="icon" aria-label={label} title={label} disabled={isOff} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
