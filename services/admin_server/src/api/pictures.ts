import { pathId } from '@teamtalk/administration/fields';
import { z } from 'zod';
import { define } from './definition.js';
import { group } from './groups.js';
import { user } from './users.js';

/** Largest picture, bytes. As base64 it fits into the smallest usual limit of a request. */
export const maxPictureBytes = 184_320;

const body = z
  .strictObject({
    picture: z
      .base64()
      .min(1)
      .max(Math.ceil(maxPictureBytes / 3) * 4),
  })
  .meta({ id: 'Picture' });

const description =
  'In base64: a JPEG, PNG or GIF of at most 180 KiB. It is stored in msfs, whose URL becomes the picture’s address.';

export const picturesApi = define({
  setUserPicture: {
    method: 'post',
    path: '/admin/v1/users/{user_id}/picture',
    tag: 'Users',
    summary: 'Give a user a picture; clients are notified at once',
    description,
    access: 'users:write',
    params: z.strictObject({ user_id: pathId }),
    body,
    status: 200,
    reply: user,
  },
  setGroupPicture: {
    method: 'post',
    path: '/admin/v1/groups/{group_id}/picture',
    tag: 'Groups',
    summary: 'Give a group a picture',
    description,
    access: 'groups:write',
    params: z.strictObject({ group_id: pathId }),
    body,
    status: 200,
    reply: group,
  },
});
