import { ask, changeUser, findUser, Refusal, savedId } from '@teamtalk/administration';
import { administration } from '@teamtalk/rpc';
import { findGroup, groupDetails } from './groups.js';
import type { Call, Handlers } from './handler.js';
import { findShownUser } from './users.js';

export const pictures: Handlers<'setUserPicture' | 'setGroupPicture'> = {
  async setUserPicture(call, { params: { user_id: userId }, body }) {
    // Whoever may not see the user uploads nothing.
    await findUser(call, userId);
    await changeUser(call, userId, { avatar_url: await put(call, body.picture) }, call.actor);
    return findShownUser(call, userId);
  },

  async setGroupPicture(call, { params: { group_id: groupId }, body }) {
    await groupDetails(call, groupId);
    const request = { groupId, avatarUrl: await put(call, body.picture) };
    savedId(await ask(call, administration.changeGroup, request), 'group');
    return findGroup(call, groupId);
  },
};

async function put({ pictures: store }: Call, picture: string): Promise<string> {
  if (!store) throw new Refusal('no-image-server');
  return store.put(Buffer.from(picture, 'base64'));
}
