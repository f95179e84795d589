import { TeamTalkError } from '@teamtalk/service-kit';
import { type DataSource, QueryFailedError } from 'typeorm';
import { type Actor, operator } from '../actor.js';
import { auditedTransaction } from '../audit/record-event.js';
import { isStorableText } from '../database/text.js';
import { User } from '../entities/index.js';
import { maxNameLength } from './logins.js';
import { type Argon2Cost, hashPassword } from './passwords/password.js';

export interface NewUser {
  /** what the user logs in with; 1 to 64 characters */
  name: string;
  /** in plain text */
  password: string;
  /** the name when left out */
  nickName?: string;
  realName?: string;
  /** 0 or left out: none */
  departmentId?: number;
}

const uniqueViolation = '23505';

/**
 * Adds a user.
 * @returns the user's id
 * @throws TeamTalkError `invalid-argument` when the name is taken or cannot be one
 */
export async function addUser(
  dataSource: DataSource,
  user: NewUser,
  cost?: Argon2Cost,
  actor: Actor = operator(),
): Promise<number> {
  const { name, password, nickName = name, realName = nickName, departmentId = 0 } = user;
  if (name === '' || !isStorableText(name, maxNameLength)) {
    throw new TeamTalkError('invalid-argument', `a name has 1 to ${maxNameLength} characters`);
  }
  const passwordHash = await hashPassword(password, cost);
  try {
    return await auditedTransaction(dataSource, actor, async (manager, record) => {
      const users = manager.getRepository(User);
      const shown = { name, nickName, realName, departmentId };
      const { id } = await users.save(users.create({ ...shown, passwordHash }));
      await record({ verb: 'user.create', resource: `user ${id}`, after: { ...shown, password: 'set' } });
      return id;
    });
  } catch (error) {
    if (error instanceof QueryFailedError && error.driverError.code === uniqueViolation) {
      throw new TeamTalkError('invalid-argument', `there is already a user ${name}`, { cause: error });
    }
    throw error;
  }
}
