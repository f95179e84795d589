import { genders } from '@teamtalk/administration/fields';
import type { ApiRequest } from '../../../src/api/index.js';
import { ownDepartment } from '../api/session.js';
import { t } from '../text/text.js';
import { Select, TextField, type Values } from '../ui/form.js';
import type { DepartmentTree } from './department-tree.js';
import type { User } from './user-name.js';

/** The fields common to the forms for new and existing users. */
export function UserFields({ of, departments }: { of?: User; departments: DepartmentTree }) {
  const departmentId = of?.department_id ?? null;
  return (
    <>
      <TextField
        name="name"
        label={t('user.login')}
        hint={t('user.loginHint')}
        value={of?.name}
        maxLength={64}
        required
      />
      <TextField name="nick_name" label={t('user.nick')} value={of?.nick_name} maxLength={64} />
      <TextField name="real_name" label={t('user.realName')} value={of?.real_name} maxLength={64} />
      <Select
        name="gender"
        label={t('user.gender')}
        value={of?.gender ?? 'unknown'}
        options={genders.map((value) => ({ value, label: t(`gender.${value}`) }))}
      />
      <Select
        name="department_id"
        label={t('department')}
        value={departmentId === null ? '' : String(departmentId)}
        options={departments.options(
          ownDepartment() === null ? t('department.none') : undefined,
          departmentId,
        )}
      />
      <TextField name="tel" type="tel" label={t('user.tel')} value={of?.tel} maxLength={32} />
      <TextField name="email" label={t('user.email')} value={of?.email} maxLength={128} />
      <TextField name="avatar_url" label={t('user.avatar')} value={of?.avatar_url} maxLength={1024} />
      <TextField
        name="sign_info"
        class="wide"
        label={t('user.signature')}
        value={of?.sign_info}
        maxLength={128}
      />
    </>
  );
}

type Written = Required<Omit<ApiRequest<'changeUser'>['body'], 'expected'>>;

export function writtenUser(values: Values): Written {
  return {
    name: values.text('name'),
    nick_name: values.text('nick_name'),
    real_name: values.text('real_name'),
    gender: genders.find((each) => each === values.text('gender')) ?? 'unknown',
    department_id: values.number('department_id'),
    tel: values.text('tel'),
    email: values.text('email'),
    avatar_url: values.text('avatar_url'),
    sign_info: values.text('sign_info'),
  };
}

/** The fields of the form, of a user. */
export function editableFields(user: User): Written {
  const { user_id: _, left: _left, ...fields } = user;
  return fields;
}

/** The fields of the form as they are shown. */
export function shownFields(departments: DepartmentTree | undefined): [string, (user: User) => string][] {
  return [
    [t('user.login'), ({ name }) => name],
    [t('user.nick'), ({ nick_name }) => nick_name],
    [t('user.realName'), ({ real_name }) => real_name],
    [t('user.gender'), ({ gender }) => t(`gender.${gender}`)],
    [t('department'), ({ department_id }) => departments?.fullNameOf(department_id) ?? ''],
    [t('user.tel'), ({ tel }) => tel],
    [t('user.email'), ({ email }) => email],
    [t('user.avatar'), ({ avatar_url }) => avatar_url],
    [t('user.signature'), ({ sign_info }) => sign_info],
  ];
}
