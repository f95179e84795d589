import { useEffect, useMemo, useState } from 'preact/hooks';
import { t } from '../i18n/index.js';
import { recordingOf } from '../model/voice.js';
import { Icon } from './Icon.js';

interface VoiceMessageProps {
  seconds: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Plays formats that the browser can decode; others (Speex, AMR) can be saved. */
export function VoiceMessage({ seconds, bytes }: VoiceMessageProps) {
  const { type, extension } = useMemo(() => recordingOf(bytes), [bytes]);
  const [isOpen, setOpen] = useState(false);
  const [isPlayable, setPlayable] = useState(() => document.createElement('audio').canPlayType(type) !== '');
  const url = useMemo(() => URL.createObjectURL(new Blob([bytes], { type })), [bytes, type]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const label = t.value.voiceMessage(seconds);
  if (!isPlayable) {
    return (
      <span class="voice">
        <Icon name="voice" /> {label}
        <small>
          {t.value.voiceUnplayable}{' '}
          <a href={url} download={`voice.${extension}`}>
            {t.value.save}
          </a>
        </small>
      </span>
    );
  }
  if (isOpen) {
    return (
      // biome-ignore lint/a11y/useMediaCaption: voice messages have no transcript
      <audio
        class="voice"
        src={url}
        controls
        autoplay
        aria-label={label}
        onError={() => setPlayable(false)}
      />
    );
  }
  return (
    <button type="button" class="voice" aria-label={t.value.playVoice(label)} onClick={() => setOpen(true)}>
      <Icon name="play" /> {label}
    </button>
  );
}
