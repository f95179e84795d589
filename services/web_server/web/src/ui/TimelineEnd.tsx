import { t } from '../i18n/index.js';
import type { Chat, End } from '../model/chat.js';

/** The row above the oldest loaded message, or below the newest one if newer ones exist. */
export function TimelineEnd({ chat, end }: { chat: Chat; end: End }) {
  const load = () => void (end === 'older' ? chat.loadOlder() : chat.loadNewer());
  const hasMore = end === 'older' ? chat.hasOlder.value : chat.hasNewer.value;
  if (chat.loading.value === end) return <p class="top">{t.value.loading}</p>;
  if (chat.failed.value === end) {
    return (
      <p class="top">
        {t.value.loadFailed}{' '}
        <button type="button" class="link" onClick={load}>
          {t.value.retry}
        </button>
      </p>
    );
  }
  if (!hasMore) return end === 'older' ? <p class="top">{t.value.beginning}</p> : null;
  if (chat.messages.value.length === 0) return null;
  return (
    <p class="top">
      <button type="button" class="link" onClick={load}>
        {end === 'older' ? t.value.loadOlder : t.value.loadNewer}
      </button>
    </p>
  );
}
