import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { csvOf } from '../ui/csv.js';
import { Dialog } from '../ui/dialog.js';
import { download } from '../ui/download.js';
import { Form, Select } from '../ui/form.js';
import { say } from '../ui/toast.js';
import { patiently } from './user-imports.js';

interface ImportPasswordsProps {
  readonly importId: number;
  readonly onClose: () => void;
}

/** Issues first passwords to the users an import added and saves them to a file, since they cannot be shown again. */
export function ImportPasswords({ importId, onClose }: ImportPasswordsProps) {
  const issue = async (renew: boolean) => {
    const rows = [[t('user.login'), t('user.realName'), t('password')]];
    try {
      let after: number | undefined;
      do {
        const body = { renew, ...(after !== undefined && { after }) };
        const params = { import_id: importId };
        const { users, next } = await patiently(() => call('issueImportPasswords', { params, body }));
        rows.push(...users.map(({ name, real_name, password }) => [name, real_name, password]));
        after = next ?? undefined;
      } while (after !== undefined);
    } finally {
      // Saved even if a later call fails, since these passwords cannot be fetched again.
      if (rows.length > 1) download(`passwords-${importId}.csv`, csvOf(rows), 'text/csv');
    }
    say(rows.length > 1 ? t('import.passwordsMade', { count: rows.length - 1 }) : t('import.passwordsNone'));
    onClose();
  };
  return (
    <Dialog title={t('import.passwords')} onClose={onClose}>
      <p>{t('import.passwordsAbout')}</p>
      <Form
        submit={t('import.passwordsMake')}
        onCancel={onClose}
        onSubmit={(values) => issue(values.text('for') === 'unused')}
      >
        <Select
          name="for"
          label={t('import.passwordsFor')}
          value="new"
          options={[
            { value: 'new', label: t('import.passwordsFor.new') },
            { value: 'unused', label: t('import.passwordsFor.unused') },
          ]}
        />
      </Form>
    </Dialog>
  );
}
