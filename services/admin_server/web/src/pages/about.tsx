import { may, me } from '../api/session.js';
import { t } from '../text/text.js';
import { Card, Page } from '../ui/parts.js';
import { UpgradeCheck } from './upgrade-check.js';

export function About() {
  return (
    <Page title={t('about')}>
      {may('overview:read') && <UpgradeCheck />}
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
