import { administration, httpApi } from '@teamtalk/rpc';
import type { Actor } from './actor.js';
import { ask } from './ask.js';
import type { Backend } from './backend.js';
import { Problem } from './problem.js';
import { Refusal } from './refusal.js';

const { MUTE_NOT_A_MEMBER, MUTE_NOT_FOUND, MUTE_NOT_PERMITTED } = httpApi.api.MuteResult;

interface Mute {
  groupId: number;
  /** 0: everybody besides the owner and bots */
  userId: number;
  /** see untilOf */
  until: number;
  /** has to be the owner; left out: an administrator */
  byUserId?: number | undefined;
  /** left out by the console, whose session says who it is */
  actor?: Actor;
}

/** Unix seconds until when nobody can write; 0: everybody can; infinity: for good. @param until null: for good */
export function untilOf({ muted, until }: { muted: boolean; until: string | null }): number {
  if (!muted) return 0;
  return until === null ? Number.POSITIVE_INFINITY : Date.parse(until) / 1000;
}

/** Mutes a member of a group, or everybody, or lifts that. @throws Problem when it is not done */
export async function muteInGroup(backend: Pick<Backend, 'pool'>, mute: Mute): Promise<void> {
  const { result } = await ask(backend, administration.muteInGroup, mute);
  if (result === MUTE_NOT_FOUND) throw new Problem('not-found', 'there is no such group');
  if (result === MUTE_NOT_A_MEMBER) throw new Refusal('not-in-group');
  if (result === MUTE_NOT_PERMITTED)
    throw new Problem('not-permitted', 'only the owner of the group may do this');
}
