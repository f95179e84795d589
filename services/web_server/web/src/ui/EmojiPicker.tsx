import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { emoji, phrases } from '../model/emoji.js';

interface EmojiPickerProps {
  onPick: (text: string) => void;
  onClose: () => void;
}

export function EmojiPicker({ onPick, onClose }: EmojiPickerProps) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    panel.current!.querySelector('button')?.focus();
  }, []);
  return (
    <div
      ref={panel}
      class="emoji-picker"
      role="dialog"
      aria-label={t.value.emoji}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <div class="emoji-grid">
        {emoji.map((symbol) => (
          <button type="button" key={symbol} onClick={() => onPick(symbol)}>
            {symbol}
          </button>
        ))}
      </div>
      <h2>{t.value.clientPhrases}</h2>
      <div class="emoji-grid">
        {[...phrases].map(([phrase, symbol]) => (
          <button
            type="button"
            key={phrase}
            aria-label={phrase}
            title={phrase}
            onClick={() => onPick(phrase)}
          >
            {symbol}
          </button>
        ))}
      </div>
    </div>
  );
}
