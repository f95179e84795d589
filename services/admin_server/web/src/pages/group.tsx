import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { may, me } from '../api/session.js';
import { t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { Dialog } from '../ui/dialog.js';
import { Form, TextField } from '../ui/form.js';
import { type Loaded, Ready, useLoad } from '../ui/load.js';
import { ChangedMeanwhile, changedFields, useMeanwhile } from '../ui/meanwhile.js';
import { Card, Facts, Page } from '../ui/parts.js';
import { Picture } from '../ui/picture.js';
import { goTo, href } from '../ui/route.js';
import { say } from '../ui/toast.js';
import { UploadPicture } from '../ui/upload-picture.js';
import { type Group, Members } from './group-members.js';

export function GroupPage({ groupId }: { groupId: number }) {
  const group = useLoad((signal) => call('getGroup', { params: { group_id: groupId } }, signal), [groupId]);
  return <Ready of={group}>{(found) => <Details group={found} loaded={group} />}</Ready>;
}

function Details({ group, loaded }: { group: Group; loaded: Loaded<Group> }) {
  const editing = useSignal(false);
  const uploaded = useSignal('');
  const { group_id, name, members, avatar_url: url } = group;
  const close = () => {
    editing.value = false;
  };
  const dissolve = () =>
    confirmThen({
      title: t('group.dissolve'),
      text: t('group.dissolveAsk', { name, count: members.length }),
      action: t('group.dissolve'),
      danger: true,
      work: async () => {
        await call('dissolveGroup', { params: { group_id } });
        say(t('group.dissolved', { name }));
        goTo('groups');
      },
    });
  const owner = members.find(({ user_id }) => user_id === group.creator_id);
  return (
    <Page
      title={name}
      about={t('group.numbered', { id: String(group_id) })}
      actions={
        may('groups:write') && (
          <>
            <button
              type="button"
              onClick={() => {
                editing.value = true;
              }}
            >
              {t('group.rename')}
            </button>
            <button type="button" class="danger" onClick={dissolve}>
              {t('group.dissolve')}
            </button>
          </>
        )
      }
    >
      <div class="columns">
        <Members group={group} loaded={loaded} />
        <div class="stack">
          <Card title={t('group.about')}>
            <Facts
              of={[
                [t('group.type'), t(`group.type.${group.type}`)],
                [
                  t('group.owner'),
                  group.creator_id === null ? (
                    t('group.noOwner')
                  ) : (
                    <a href={`#/users/${group.creator_id}`}>
                      {owner ? owner.nick_name || owner.name : String(group.creator_id)}
                    </a>
                  ),
                ],
                [t('user.avatar'), <Picture key={url} url={url} shown={url === uploaded.value} />],
              ]}
            />
            {may('groups:write') && me.value?.uploads && (
              <UploadPicture
                onChoose={async (picture) => {
                  const saved = await call('setGroupPicture', { params: { group_id }, body: { picture } });
                  uploaded.value = saved.avatar_url;
                  loaded.replace(saved);
                  say(t('saved'));
                }}
              />
            )}
          </Card>
          {may('audit:read') && (
            <p>
              <a href={href('audit', { resource: `group ${group_id}` })}>{t('user.history')}</a>
            </p>
          )}
        </div>
      </div>
      {editing.value && <Edit group={group} onSaved={loaded.replace} onClose={close} />}
    </Page>
  );
}

interface EditProps {
  readonly group: Group;
  readonly onSaved: (group: Group) => void;
  readonly onClose: () => void;
}

function Edit({ group, onSaved, onClose }: EditProps) {
  const params = { group_id: group.group_id };
  const meanwhile = useMeanwhile(group, () => call('getGroup', { params }));
  return (
    <Dialog title={t('group.edit', { name: group.name })} onClose={onClose}>
      <Form
        submit={t('save')}
        onCancel={onClose}
        onSubmit={async (values) => {
          const written = changedFields(meanwhile.before, {
            name: values.text('name'),
            avatar_url: values.text('avatar_url'),
          });
          const saved = await meanwhile.save(({ name, avatar_url }) =>
            call('changeGroup', { params, body: { ...written, expected: { name, avatar_url } } }),
          );
          onSaved(saved);
          say(t('saved'));
          onClose();
        }}
      >
        <TextField name="name" label={t('name')} value={group.name} maxLength={256} required autofocus />
        <TextField name="avatar_url" label={t('user.avatar')} value={group.avatar_url} maxLength={1024} />
        <ChangedMeanwhile
          of={meanwhile}
          fields={[
            [t('name'), ({ name }) => name],
            [t('user.avatar'), ({ avatar_url }) => avatar_url],
          ]}
        />
      </Form>
    </Dialog>
  );
}
