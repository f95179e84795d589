import { t } from '../text/text.js';
import { Page } from '../ui/parts.js';
import { AppList } from './app-list.js';
import { WebhookList } from './webhook-list.js';

/** Systems around the chat: those that call the HTTP API, and those that receive events. */
export function Apps() {
  return (
    <Page title={t('apps')} about={t('apps.about')}>
      <AppList />
      <WebhookList />
    </Page>
  );
}
