import { t, tOr } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Card, Empty, Page } from '../ui/parts.js';
import { chapterOf } from './guide-chapter.js';

/** A chapter of docs/guides/alerts.md: what an alert means and what to do. */
export function AlertGuide({ alert }: { alert: string }) {
  const guide = useLoad(async () => (await import('guides/alerts.md?raw')).default, []);
  return (
    <Page title={tOr(`alert.${alert}`, alert)} about={tOr(`alert.${alert}.do`, '')}>
      <Ready of={guide}>
        {(text) => {
          const paragraphs = chapterOf(text, alert);
          return paragraphs.length > 0 ? (
            <Card title={alert}>
              <div class="stack" lang="en">
                {paragraphs.map((parts) => (
                  <p key={parts.map((part) => part.text).join('')}>
                    {parts.map((part) =>
                      part.isCode ? <code key={part.text}>{part.text}</code> : part.text,
                    )}
                  </p>
                ))}
              </div>
            </Card>
          ) : (
            <Empty title={t('noPage')} />
          );
        }}
      </Ready>
    </Page>
  );
}
