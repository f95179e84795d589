import { useSignal } from '@preact/signals';
import type { ApiReply, ApiRequest } from '../../../src/api/index.js';
import { retentionScopes } from '../../../src/api/lifecycle.js';
import { call } from '../api/client.js';
import { t } from '../text/text.js';
import { Dialog } from '../ui/dialog.js';
import { Form, Select, TextField } from '../ui/form.js';
import { say } from '../ui/toast.js';
import { GroupPicker } from './group-picker.js';
import { useDepartments } from './use-departments.js';

export type Retention = ApiReply<'getRetention'>;
export type Rule = Retention['rules'][number];

type NewRule = ApiRequest<'setRetention'>['body'];

const preset = 365;

interface EditRuleProps {
  /** null: a new rule */
  readonly rule: Rule | null;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

export function EditRule({ rule, onSaved, onClose }: EditRuleProps) {
  const departments = useDepartments();
  const scope = useSignal<NewRule['scope']>(rule?.scope ?? 'installation');
  const group = useSignal<{ group_id: number; name: string } | undefined>(undefined);
  const isForever = useSignal(rule !== null && rule.days === null);
  return (
    <Dialog title={rule ? t('retention.edit') : t('retention.new')} onClose={onClose}>
      <p class="quiet small">{t('retention.newAbout')}</p>
      <Form
        submit={t('save')}
        onCancel={onClose}
        onSubmit={async (values) => {
          const chosen =
            scope.value === 'group' ? (group.value?.group_id ?? null) : values.number('scope_id');
          const scope_id = rule ? rule.scope_id : scope.value === 'installation' ? null : chosen;
          const days = isForever.value ? null : values.number('days');
          await call('setRetention', { body: { scope: scope.value, scope_id, days } });
          say(t('saved'));
          onSaved();
          onClose();
        }}
      >
        {!rule && (
          <Select
            name="scope"
            label={t('retention.of')}
            value={scope.value}
            options={retentionScopes.map((value) => ({ value, label: t(`scope.${value}`) }))}
            onChange={(value) => {
              scope.value = value as NewRule['scope'];
            }}
          />
        )}
        {!rule && scope.value === 'department' && (
          <Select
            name="scope_id"
            label={t('department')}
            hint={t('retention.below')}
            options={departments.data?.options(undefined) ?? []}
          />
        )}
        {!rule && scope.value === 'group' && group.value && (
          <p>
            {t('scope.group')}: <strong>{group.value.name}</strong>
          </p>
        )}
        {!rule && scope.value === 'group' && !group.value && (
          <GroupPicker
            label={t('scope.group')}
            action={t('choose')}
            onPick={(picked) => {
              group.value = picked;
            }}
          />
        )}
        <Select
          name="kept"
          label={t('retention.kept')}
          value={isForever.value ? 'forever' : 'days'}
          options={[
            { value: 'days', label: t('retention.forDays') },
            { value: 'forever', label: t('retention.forever') },
          ]}
          onChange={(value) => {
            isForever.value = value === 'forever';
          }}
        />
        {!isForever.value && (
          <TextField
            name="days"
            type="number"
            label={t('retention.days')}
            value={rule?.days ?? preset}
            min={1}
            max={36_500}
            required
          />
        )}
      </Form>
    </Dialog>
  );
}
