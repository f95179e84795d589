import type { Session } from '@teamtalk/client';
import { sessionName } from '../model/names.js';
import { Avatar } from './Avatar.js';
import { useAccount } from './account-context.js';

/** The avatar of a conversation: the other user's, with a presence dot, or the group's. */
export function SessionAvatar({ session }: { session: Session }) {
  const { state } = useAccount();
  const name = sessionName(state, session);
  if ('group' in session) {
    const url = state.groups.value.get(session.group)?.groupAvatar ?? '';
    return <Avatar name={name} id={session.group} url={url} isGroup />;
  }
  const url = state.users.value.get(session.user)?.avatarUrl ?? '';
  return <Avatar name={name} id={session.user} url={url} isOnline={state.online.value.has(session.user)} />;
}
