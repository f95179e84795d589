import { useMemo, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { partsOf, type TextPart } from '../model/text-parts.js';
import { useAccount } from './account-context.js';
import { currentDialog } from './current-dialog.js';

/** The largest size of an image in a conversation, pixels. */
const largest = { width: 320, height: 280 };

export function MessageText({ text }: { text: string }) {
  const { imageOrigins } = useAccount().config;
  const parts = useMemo(() => partsOf(text, imageOrigins), [text, imageOrigins]);
  return (
    <p class="message-text" dir="auto">
      {parts.map((part, i) => (
        <Part key={i} part={part} />
      ))}
    </p>
  );
}

function Part({ part }: { part: TextPart }) {
  switch (part.kind) {
    case 'text':
      return <>{part.text}</>;
    case 'phrase':
      return (
        <span class="phrase" role="img" aria-label={part.text} title={part.text}>
          {part.symbol}
        </span>
      );
    case 'link':
      return (
        <a href={part.url} target="_blank" rel="noopener noreferrer nofollow">
          {part.text}
        </a>
      );
    case 'image':
      return <Picture {...part} />;
  }
}

interface PictureProps {
  url: string;
  width?: number;
  height?: number;
}

function Picture({ url, width, height }: PictureProps) {
  const [isBroken, setBroken] = useState(false);
  if (isBroken) {
    return (
      <a href={url} target="_blank" rel="noopener noreferrer nofollow">
        {t.value.imageFailed}
      </a>
    );
  }
  return (
    <button
      type="button"
      class="picture"
      aria-label={t.value.openImage}
      onClick={() => {
        currentDialog.value = { kind: 'image', url };
      }}
    >
      <img
        class="message-image"
        src={url}
        alt={t.value.image}
        loading="lazy"
        {...roomFor(width, height)}
        onError={() => setBroken(true)}
      />
    </button>
  );
}

/** Reserves space for an image before it loads, so that the layout does not shift. */
function roomFor(width?: number, height?: number): { width?: number; height?: number } {
  if (!width || !height) return {};
  const scale = Math.min(1, largest.width / width, largest.height / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
