import type { Session } from '@teamtalk/client';
import { sessionName } from '../model/names.js';
import { Avatar } from './Avatar.js';
import { useAccount } from './account-context.js';

/** The picture of a conversation's other user, with a dot that says whether they are online, or of its group. */
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
