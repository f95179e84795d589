import { useSignal } from '@preact/signals';
import { call } from '../api/client.js';
import { may, me } from '../api/session.js';
import { count, t } from '../text/text.js';
import { confirmThen } from '../ui/confirm.js';
import { type Loaded, Ready, useLoad } from '../ui/load.js';
import { Badge, Card, Facts, Page } from '../ui/parts.js';
import { Picture } from '../ui/picture.js';
import { goTo, href } from '../ui/route.js';
import { say } from '../ui/toast.js';
import { UploadPicture } from '../ui/upload-picture.js';
import { EditGroup } from './edit-group.js';
import { GroupAnnouncement } from './group-announcement.js';
import { type Group, Members } from './group-members.js';
import { Mute, muteText, unmute } from './group-mute.js';
import { HandOver } from './group-owner.js';

export function GroupPage({ groupId }: { groupId: number }) {
  const group = useLoad((signal) => call('getGroup', { params: { group_id: groupId } }, signal), [groupId]);
  return <Ready of={group}>{(found) => <Details group={found} loaded={group} />}</Ready>;
}

function Details({ group, loaded }: { group: Group; loaded: Loaded<Group> }) {
  const open = useSignal<'edit' | 'hand-over' | 'mute' | undefined>(undefined);
  const uploaded = useSignal('');
  const { group_id, name, members, avatar_url: url } = group;
  const close = () => {
    open.value = undefined;
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
                open.value = 'edit';
              }}
            >
              {t('group.rename')}
            </button>
            <button
              type="button"
              onClick={() => {
                open.value = 'hand-over';
              }}
            >
              {t('owner.handOver')}
            </button>
            <button
              type="button"
              onClick={() => {
                if (group.muted) unmute(group, undefined, loaded.replace);
                else open.value = 'mute';
              }}
            >
              {t(group.muted ? 'mute.lift' : 'mute.everybody')}
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
                [t('group.writing'), writing(group)],
                [
                  t('group.adding'),
                  t(
                    group.type === 'normal' || group.owner_adds_only
                      ? 'group.adding.owner'
                      : 'group.adding.members',
                  ),
                ],
                [
                  t('group.maxMembers'),
                  group.max_members === null ? t('group.maxMembers.none') : count(group.max_members),
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
          <GroupAnnouncement group={group} loaded={loaded} />
          {may('audit:read') && (
            <p>
              <a href={href('audit', { resource: `group ${group_id}` })}>{t('user.history')}</a>
            </p>
          )}
        </div>
      </div>
      {open.value === 'edit' && <EditGroup group={group} onDone={loaded.replace} onClose={close} />}
      {open.value === 'hand-over' && <HandOver group={group} onDone={loaded.replace} onClose={close} />}
      {open.value === 'mute' && <Mute group={group} onDone={loaded.replace} onClose={close} />}
    </Page>
  );
}

function writing({ muted }: Group) {
  if (!muted) return t('group.writing.everybody');
  return (
    <>
      {t('group.writing.owner')} <Badge mood="warn">{muteText(muted)}</Badge>
    </>
  );
}
