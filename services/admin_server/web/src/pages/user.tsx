import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { may, me } from '../api/session.js';
import { t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Form } from '../ui/form.js';
import { type Loaded, Ready, useLoad } from '../ui/load.js';
import { ChangedMeanwhile, changedFields, useMeanwhile } from '../ui/meanwhile.js';
import { Badge, Card, Facts, Page } from '../ui/parts.js';
import { Picture } from '../ui/picture.js';
import { href } from '../ui/route.js';
import { ShownOnce } from '../ui/shown-once.js';
import { say } from '../ui/toast.js';
import { UploadPicture } from '../ui/upload-picture.js';
import type { DepartmentTree } from './department-tree.js';
import { useDepartments } from './use-departments.js';
import { Connections } from './user-connections.js';
import { Departure } from './user-departure.js';
import { Devices } from './user-devices.js';
import { editableFields, shownFields, UserFields, writtenUser } from './user-fields.js';
import { LoginFailures } from './user-login-failures.js';
import { callName, type User } from './user-name.js';
import { UserStanding } from './user-standing.js';

export function UserPage({ userId }: { userId: number }) {
  const params = { user_id: userId };
  const user = useLoad((signal) => call('getUser', { params }, signal), [userId]);
  const departments = useDepartments();
  return (
    <Ready of={user}>
      {(found) => <Details user={found} loaded={user} departments={departments.data} />}
    </Ready>
  );
}

interface DetailsProps {
  readonly user: User;
  readonly loaded: Loaded<User>;
  readonly departments: DepartmentTree | undefined;
}

function Details({ user, loaded, departments }: DetailsProps) {
  const editing = useSignal(false);
  const name = callName(user);
  return (
    <Page
      title={name}
      about={
        <>
          {t('user.numbered', { id: String(user.user_id) })}{' '}
          {user.left && <Badge mood="warn">{t('user.left')}</Badge>}
        </>
      }
      actions={<Actions user={user} loaded={loaded} />}
    >
      <div class="columns wide-second">
        <div class="stack">
          <Card
            title={t('user.profile')}
            actions={
              may('users:write') &&
              !editing.value && (
                <button
                  type="button"
                  class="slim"
                  disabled={!departments}
                  onClick={() => {
                    editing.value = true;
                  }}
                >
                  {t('edit')}
                </button>
              )
            }
          >
            {editing.value && departments ? (
              <Edit
                user={user}
                departments={departments}
                onSaved={(saved) => {
                  loaded.replace(saved);
                  editing.value = false;
                }}
                onCancel={() => {
                  editing.value = false;
                }}
              />
            ) : (
              <Profile user={user} loaded={loaded} departments={departments} />
            )}
          </Card>
        </div>
        <div class="stack">
          <Connections userId={user.user_id} name={name} />
          <LoginFailures userId={user.user_id} name={name} />
          <UserStanding userId={user.user_id} />
          {may('pushes:read') && <Devices userId={user.user_id} />}
          {may('audit:read') && (
            <p>
              <a href={href('audit', { resource: `user ${user.user_id}` })}>{t('user.history')}</a>
            </p>
          )}
        </div>
      </div>
    </Page>
  );
}

function Profile({ user, loaded, departments }: DetailsProps) {
  const uploaded = useSignal('');
  const url = user.avatar_url;
  const params = { user_id: user.user_id };
  return (
    <div class="stack">
      <Facts
        of={shownFields(departments).map(([label, shown]) => [
          label,
          label === t('user.avatar') ? (
            <Picture key={url} url={url} shown={url === uploaded.value} />
          ) : (
            shown(user)
          ),
        ])}
      />
      {may('users:write') && me.value?.uploads && (
        <UploadPicture
          onChoose={async (picture) => {
            const saved = await call('setUserPicture', { params, body: { picture } });
            uploaded.value = saved.avatar_url;
            loaded.replace(saved);
            say(t('saved'));
          }}
        />
      )}
    </div>
  );
}

interface EditProps {
  readonly user: User;
  readonly departments: DepartmentTree;
  readonly onSaved: (user: User) => void;
  readonly onCancel: () => void;
}

function Edit({ user, departments, onSaved, onCancel }: EditProps) {
  const params = { user_id: user.user_id };
  const meanwhile = useMeanwhile(user, () => call('getUser', { params }));
  return (
    <Form
      class="form two"
      submit={t('save')}
      onCancel={onCancel}
      onSubmit={async (values) => {
        const changed = changedFields(meanwhile.before, writtenUser(values));
        if (Object.keys(changed).length === 0) return onCancel();
        const saved = await meanwhile.save((read) =>
          call('changeUser', { params, body: { ...changed, expected: editableFields(read) } }),
        );
        say(t('saved'));
        onSaved(saved);
      }}
    >
      <UserFields of={user} departments={departments} />
      <ChangedMeanwhile of={meanwhile} fields={shownFields(departments)} />
    </Form>
  );
}

function Actions({ user, loaded }: { user: User; loaded: Loaded<User> }) {
  const password = useSignal<string | undefined>(undefined);
  const leaving = useSignal(false);
  const name = callName(user);
  const params = { user_id: user.user_id };
  const reset = () =>
    confirmThen({
      title: t('user.reset'),
      text: t('user.resetAsk', { name, login: user.name }),
      action: t('user.reset'),
      work: async () => {
        password.value = (await call('resetUserPassword', { params })).password;
      },
    });
  const restore = () =>
    confirmThen({
      title: t('user.restore'),
      text: t('user.restoreAsk', { name, login: user.name }),
      action: t('user.restore'),
      work: async () => {
        loaded.replace(await call('restoreUser', { params }));
        let count = 0;
        for (let remaining = 1; remaining > 0; ) {
          const changed = await call('rejoinGroups', { params });
          count += changed.groups.length;
          remaining = changed.remaining;
        }
        say(count > 0 ? t('user.restoreGroupsDone', { name, count }) : t('user.restoreDone', { name }));
      },
    });
  return (
    <>
      {may('users:reset-password') && !user.left && (
        <button type="button" onClick={reset}>
          {t('user.reset')}
        </button>
      )}
      {may('users:write') &&
        (user.left ? (
          <button type="button" class="main" onClick={restore}>
            {t('user.restore')}
          </button>
        ) : (
          <button
            type="button"
            class="danger"
            onClick={() => {
              leaving.value = true;
            }}
          >
            {t('user.leave')}
          </button>
        ))}
      {leaving.value && (
        <Departure
          user={user}
          onLeft={loaded.replace}
          onClose={() => {
            leaving.value = false;
          }}
        />
      )}
      {password.value !== undefined && (
        <ShownOnce
          title={t('user.newPassword', { name })}
          about={t('user.newPasswordAbout')}
          secret={password.value}
          onClose={() => {
            password.value = undefined;
          }}
        />
      )}
    </>
  );
}
