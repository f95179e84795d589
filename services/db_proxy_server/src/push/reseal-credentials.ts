import { type Bus, topics } from '@teamtalk/bus';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import type { Database } from '../database/database.js';
import { PushCredentials, rotatePushCredentials } from './push-credentials.js';

/** Milliseconds a push_server has to encrypt all credentials. */
const answerMs = 5_000;

export type Resealed =
  | { result: 'done'; providers: string[] }
  | { result: 'no-server' }
  /** with an empty `keyId` push_server has no key */
  | { result: 'failed'; problem: string; keyId: string };

/** Has a push_server encrypt all stored credentials with its first key, and stores them. */
export async function resealCredentials(
  database: Database,
  bus: Pick<Bus, 'request'>,
  actor: Actor,
): Promise<Resealed> {
  const credentials = await new PushCredentials(database).all();
  const reply = await bus.request(topics.resealPushCredentials, { credentials }, answerMs).catch((error) => {
    if (error instanceof TeamTalkError) return undefined;
    throw error;
  });
  if (!reply) return { result: 'no-server' };
  const { problem, keyId } = reply;
  if (problem !== '') return { result: 'failed', problem, keyId };
  const reseal = (provider: string, sealed: Buffer) => {
    const index = credentials.findIndex((each) => each.provider === provider && each.sealed.equals(sealed));
    const resealed = reply.sealed[index];
    if (!resealed) throw new TeamTalkError('unavailable', `the credential of ${provider} has just changed`);
    return Buffer.from(resealed);
  };
  return {
    result: 'done',
    providers: await rotatePushCredentials(database.dataSource, keyId, reseal, actor),
  };
}
