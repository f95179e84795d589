import { useEffect, useMemo } from 'preact/hooks';
import { t } from '../i18n/index.js';
import type { ShownMessage } from '../model/content.js';
import { userName } from '../model/names.js';
import type { Outgoing } from '../model/outgoing.js';
import { Avatar } from './Avatar.js';
import { useAccount } from './account-context.js';
import { currentDialog } from './current-dialog.js';
import { Icon } from './Icon.js';
import { MessageText } from './MessageText.js';
import { clockTime, fullTime } from './times.js';
import { VoiceMessage } from './VoiceMessage.js';

interface MessageRowProps {
  /** Its key among the rows of the timeline. */
  row: string;
  message: ShownMessage;
  isFirst: boolean;
  isGroup: boolean;
  /** Whether it is the current search match. */
  isFound: boolean;
}

export function MessageRow({ row, message, isFirst, isGroup, isFound }: MessageRowProps) {
  const { state } = useAccount();
  const { from, time, content, id } = message;
  const isOwn = from === state.ownId;
  const name = userName(state, from);
  return (
    <article
      class={`message ${isOwn ? 'own' : ''} ${isFirst ? 'first' : ''} ${isFound ? 'found' : ''}`}
      data-row={row}
      data-id={id}
      aria-label={`${isOwn ? t.value.you : name}, ${clockTime(time)}`}
    >
      {isGroup && !isOwn && (
        <span class="message-face">
          {isFirst && (
            <button
              type="button"
              class="own"
              aria-label={`${name}: ${t.value.profile}`}
              onClick={() => {
                currentDialog.value = { kind: 'profile', userId: from };
              }}
            >
              <Avatar name={name} id={from} url={state.users.value.get(from)?.avatarUrl ?? ''} />
            </button>
          )}
        </span>
      )}
      <div class="bubble">
        {isGroup && !isOwn && isFirst && <span class="message-name">{name}</span>}
        {content.kind === 'text' && <MessageText text={content.text} />}
        {content.kind === 'audio' && <VoiceMessage seconds={content.seconds} bytes={content.bytes} />}
        {content.kind === 'unreadable' && <em>{t.value.unreadable}</em>}
        <time title={fullTime(time)}>{clockTime(time)}</time>
      </div>
    </article>
  );
}

export function OutgoingRow({ row, outgoing }: { row: string; outgoing: Outgoing }) {
  const { state, sender } = useAccount();
  const { key, text, image, reason } = outgoing;
  const isFailed = outgoing.state === 'failed';
  const stateText = isFailed ? t.value.notSent : state.isOnline.value ? t.value.sending : t.value.waiting;
  return (
    <article
      class={`message own first outgoing ${outgoing.state}`}
      data-row={row}
      data-key={key}
      aria-label={stateText}
    >
      <div class="bubble">
        {text === '' && image ? <LocalImage image={image} /> : <MessageText text={text} />}
        <span class="outgoing-state">
          <Icon name={isFailed ? 'warning' : 'clock'} />
          {stateText}
          {isFailed && reasonText(reason)}
        </span>
        {isFailed && (
          <span class="outgoing-actions">
            <button type="button" class="link" onClick={() => void sender.retry(key)}>
              {t.value.retry}
            </button>
            <button type="button" class="link" onClick={() => sender.discard(key)}>
              {t.value.discard}
            </button>
          </span>
        )}
      </div>
    </article>
  );
}

function reasonText(reason: string | undefined): string {
  if (reason === 'noSuchReceiver') return `: ${t.value.noSuchReceiver}`;
  if (reason === 'uploadFailed') return `: ${t.value.uploadFailed}`;
  return '';
}

/** An image that is still being uploaded. */
function LocalImage({ image }: { image: Blob }) {
  const url = useMemo(() => URL.createObjectURL(image), [image]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return <img class="message-image" src={url} alt={t.value.image} />;
}
