import { type administration, type Handlers, httpApi } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import { actorOf } from '../actor.js';
import { toSaveReply } from '../administration/save-reply.js';
import type { Context } from '../context.js';
import { userHasLeft } from '../entities/index.js';
import { isClientDigest } from './passwords/password.js';
import type { UserFields } from './user-administration.js';

const codecs = { request: httpApi.api.CreateUserRequest, reply: httpApi.api.SaveReply };

/** Administration of users: /v1/users. */
export function administerUsers({ apiAnswers, passwords, userAdministration }: Context) {
  async function fieldsOf(fields: httpApi.api.UserFields | null | undefined): Promise<UserFields> {
    const digest = fields?.passwordMd5 ?? null;
    if (digest !== null && !isClientDigest(digest)) {
      throw new TeamTalkError('invalid-argument', 'a password’s MD5 has 32 lower-case hex digits');
    }
    return {
      name: fields?.name ?? null,
      nickName: fields?.nickName ?? null,
      realName: fields?.realName ?? null,
      gender: fields?.gender ?? null,
      avatarUrl: fields?.avatarUrl ?? null,
      departmentId: fields?.departmentId ?? null,
      email: fields?.email ?? null,
      tel: fields?.tel ?? null,
      signInfo: fields?.signInfo ?? null,
      disabled: fields?.disabled ?? null,
      passwordHash: digest === null ? null : await passwords.hash(digest),
    };
  }

  return {
    async findUsers(filter) {
      const rows = await userAdministration.find(filter);
      return {
        users: rows.map((row) => ({
          userId: row.id,
          name: row.name,
          nickName: row.nick_name,
          realName: row.real_name,
          gender: row.gender,
          avatarUrl: row.avatar_url,
          departmentId: row.department_id,
          email: row.email,
          tel: row.tel,
          signInfo: row.sign_info,
          disabled: row.status === userHasLeft,
        })),
      };
    },

    async createUser(request) {
      const fields = await fieldsOf(request.fields as httpApi.api.UserFields | null);
      return apiAnswers.once('create_user', request, codecs, async (query) =>
        toSaveReply(await userAdministration.create(query, fields, actorOf(request.actor))),
      );
    },

    async changeUser({ userId, fields, expected, actor }) {
      const wanted = await fieldsOf(fields as httpApi.api.UserFields | null);
      const { passwordHash: _, ...read } = await fieldsOf(expected as httpApi.api.UserFields | null);
      return toSaveReply(await userAdministration.change(userId, wanted, actorOf(actor), read));
    },

    async recordSessionEnd({ userId, sessions, actor }) {
      await userAdministration.recordSessionEnd(userId, sessions, actorOf(actor));
      return {};
    },
  } satisfies Partial<Handlers<typeof administration>>;
}
