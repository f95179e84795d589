import type { ApiReply } from '../../../src/api/index.js';
import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Facts, type Mood } from '../ui/parts.js';

type Condition = ApiReply<'getUpgradeCheck'>['conditions'][number];

const moods: Readonly<Record<Condition['state'], Mood>> = {
  passed: 'good',
  failed: 'bad',
  advice: 'warn',
  unknown: '',
};

/** The versions that run, and whether the installation can be upgraded. */
export function UpgradeCheck() {
  const check = useLoad((signal) => call('getUpgradeCheck', undefined, signal), []);
  return (
    <Card
      title={t('upgrade')}
      actions={
        <button type="button" class="slim" onClick={check.reload}>
          {t('upgrade.again')}
        </button>
      }
    >
      <Ready of={check}>
        {({ version, schema, conditions }) => (
          <div class="stack">
            <Facts
              of={[
                [t('about.version'), version],
                [t('upgrade.level'), schema],
              ]}
            />
            <p role="status">
              {conditions.every(({ state }) => state === 'passed' || state === 'advice')
                ? t('upgrade.ready')
                : t('upgrade.notReady')}
            </p>
            <ul class="checks">
              {conditions.map((each) => (
                <CheckedCondition key={each.condition} of={each} />
              ))}
            </ul>
          </div>
        )}
      </Ready>
    </Card>
  );
}

function CheckedCondition({ of: { condition, state, details } }: { of: Condition }) {
  return (
    <li>
      <Badge mood={moods[state]}>{t(`upgrade.state.${state}`)}</Badge> {t(`upgrade.${condition}`)}
      {state !== 'passed' && (
        <p class="small">
          {t(`upgrade.${condition}.do`)}{' '}
          {details.length > 0 && <span class="code">{details.join(', ')}</span>}
        </p>
      )}
    </li>
  );
}
