import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import type { Chat } from '../model/chat.js';
import { sessionName } from '../model/names.js';
import { maxTextLength } from '../model/sender.js';
import { useAccount } from './account-context.js';
import { EmojiPicker } from './EmojiPicker.js';
import { Icon } from './Icon.js';

interface ComposerProps {
  chat: Chat;
  /** Called when images or other files are chosen or pasted. */
  onFiles: (files: FileList | null | undefined) => void;
  /** undefined: this conversation does not accept files */
  onChooseFiles: (() => void) | undefined;
}

export function Composer({ chat, onFiles, onChooseFiles }: ComposerProps) {
  const { sender, state } = useAccount();
  const input = useRef<HTMLTextAreaElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const [isPicking, setPicking] = useState(false);
  const draft = chat.draft.value;

  // On phones, focus would open the keyboard over the messages.
  useEffect(() => {
    if (matchMedia('(min-width: 48rem)').matches) input.current!.focus();
  }, [chat]);
  useEffect(() => {
    const element = input.current!;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [draft]);

  const send = () => {
    const text = draft.trim();
    if (text === '') return;
    chat.draft.value = '';
    chat.hideLine();
    void sender.sendText(chat.session, text);
  };
  const insert = (text: string) => {
    const element = input.current!;
    const { selectionStart, selectionEnd } = element;
    chat.draft.value = draft.slice(0, selectionStart) + text + draft.slice(selectionEnd);
    setPicking(false);
    element.focus();
    requestAnimationFrame(() =>
      element.setSelectionRange(selectionStart + text.length, selectionStart + text.length),
    );
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {isPicking && <EmojiPicker onPick={insert} onClose={() => setPicking(false)} />}
      <button
        type="button"
        class="icon"
        aria-label={t.value.emoji}
        aria-expanded={isPicking}
        title={t.value.emoji}
        onClick={() => setPicking(!isPicking)}
      >
        <Icon name="emoji" />
      </button>
      <button
        type="button"
        class="icon"
        aria-label={t.value.sendImage}
        title={t.value.sendImage}
        onClick={() => chooser.current!.click()}
      >
        <Icon name="image" />
      </button>
      <input
        ref={chooser}
        type="file"
        accept="image/png,image/jpeg,image/gif,image/webp,image/bmp"
        multiple
        hidden
        aria-label={t.value.sendImage}
        onChange={({ currentTarget }) => {
          onFiles(currentTarget.files);
          currentTarget.value = '';
        }}
      />
      {onChooseFiles && (
        <button
          type="button"
          class="icon"
          aria-label={t.value.sendFile}
          title={t.value.sendFile}
          onClick={onChooseFiles}
        >
          <Icon name="attach" />
        </button>
      )}
      <textarea
        ref={input}
        rows={1}
        value={draft}
        maxLength={maxTextLength}
        aria-label={`${t.value.writeMessage}, ${sessionName(state, chat.session)}`}
        placeholder={t.value.writeMessage}
        title={t.value.sendHint}
        dir="auto"
        onInput={({ currentTarget }) => {
          chat.draft.value = currentTarget.value;
        }}
        onKeyDown={(event) => {
          // Enter also confirms the candidate of an input method.
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
        onPaste={(event) => {
          const files = event.clipboardData?.files;
          if (!files?.length) return;
          event.preventDefault();
          onFiles(files);
        }}
      />
      <button
        type="submit"
        class="icon send"
        aria-label={t.value.send}
        title={t.value.send}
        disabled={draft.trim() === ''}
      >
        <Icon name="send" />
      </button>
    </form>
  );
}
