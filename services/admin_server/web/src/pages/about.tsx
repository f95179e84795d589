import { call } from '../api/client.js';
import { may, me } from '../api/session.js';
import { t } from '../text/text.js';
import { Ready, useLoad } from '../ui/load.js';
import { Card, Facts, Page } from '../ui/parts.js';

export function About() {
  return (
    <Page title={t('about')}>
      {may('overview:read') && <Version />}
      <Card title={t('about.rights')}>
        <p>{me.value && t(`role.${me.value.role}.about`)}</p>
      </Card>
      <Card title={t('about.keys')}>
        <p>{t('about.keysText')}</p>
      </Card>
      <Card title={t('about.licence')}>
        <p>{t('about.licenceText')}</p>
      </Card>
    </Page>
  );
}

function Version() {
  const overview = useLoad((signal) => call('getOverview', undefined, signal), []);
  return (
    <Card title="TeamTalk">
      <Ready of={overview}>
        {({ version, instances }) => (
          <Facts
            of={[
              [t('about.version'), version],
              [t('overview.instances'), String(instances.length)],
            ]}
          />
        )}
      </Ready>
    </Card>
  );
}
