import { t } from '../text/text.js';
import { Empty } from '../ui/parts.js';

/** In place of a form that needs a bot to send from. */
export function NoSender() {
  return (
    <Empty
      title={t('broadcast.noSender')}
      action={
        <a class="button" href="#/bots">
          {t('bots')}
        </a>
      }
    >
      {t('broadcast.noSenderDo')}
    </Empty>
  );
}
