import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { count, t, tOr, when } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Empty, Facts, Page } from '../ui/parts.js';

type Import = NonNullable<ApiReply<'getImportProgress'>['import']>;

const everyMs = 3_000;
/** Milliseconds without progress after which an import counts as stopped; a running one writes every 2 s. */
const silentMs = 60_000;

export function Migration() {
  const loaded = useLoad((signal) => call('getImportProgress', undefined, signal), [], everyMs);
  return (
    <Page title={t('migration')} about={t('migration.about')}>
      <Ready of={loaded}>
        {({ import: found }) =>
          found ? (
            <>
              <Now of={found} />
              <Card title={t('migration.behind')}>
                <Facts
                  of={[
                    [t('migration.rowsBehind'), count(found.rows_behind)],
                    [
                      t('migration.messagesUntil'),
                      found.messages_until && when(found.messages_until, 'medium'),
                    ],
                    [t('migration.stateUntil'), found.state_until && when(found.state_until, 'medium')],
                  ]}
                />
              </Card>
              <Card title={t('migration.compared')}>
                <Facts
                  of={[
                    [t('migration.verifiedAt'), found.verified_at && when(found.verified_at, 'medium')],
                    [t('migration.unexplained'), found.verified_at && <Unexplained of={found.unexplained} />],
                  ]}
                />
              </Card>
            </>
          ) : (
            <Card>
              <Empty title={t('migration.none')}>{t('migration.noneDo')}</Empty>
            </Card>
          )
        }
      </Ready>
    </Page>
  );
}

function Now({ of: { source, began_at, written_at, step, step_code, done, total } }: { of: Import }) {
  // In the importer's English only if it is of another version.
  const named = tOr(`migration.step.${step_code}`, step);
  const isSilent = step !== '' && Date.now() - Date.parse(written_at) > silentMs;
  const amount = total > 0 ? t('migration.doneOf', { done, total: Math.ceil(total) }) : count(done);
  return (
    <Card title={t('migration.now')}>
      <Facts
        of={[
          [t('migration.source'), source],
          [t('migration.began'), when(began_at)],
          [
            t('migration.step'),
            step === '' ? (
              t('migration.idle')
            ) : (
              <>
                {named}: {amount}{' '}
                {isSilent ? (
                  <Badge mood="warn">{t('migration.silent')}</Badge>
                ) : (
                  <Badge mood="good">{t('migration.runs')}</Badge>
                )}
              </>
            ),
          ],
          [t('migration.written'), when(written_at, 'medium')],
        ]}
      />
      {step !== '' && total > 0 && (
        <progress aria-label={named} max={total} value={Math.min(done, total)}>
          {amount}
        </progress>
      )}
    </Card>
  );
}

function Unexplained({ of: differences }: { of: number }) {
  return <Badge mood={differences === 0 ? 'good' : 'bad'}>{count(differences)}</Badge>;
}
