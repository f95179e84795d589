import type { Session } from '@teamtalk/client';
import { t } from '../i18n/index.js';
import type { State, User } from './state.js';
import { previewOf } from './text-parts.js';

export function nameOfUser(user: User): string {
  return user.userNickName || user.userRealName || user.userDomain || t.value.user(user.userId);
}

export function userName(state: State, userId: number): string {
  const user = state.users.value.get(userId);
  return user ? nameOfUser(user) : t.value.user(userId);
}

export function sessionName(state: State, session: Session): string {
  if ('user' in session) return userName(state, session.user);
  return state.groups.value.get(session.group)?.groupName || t.value.group(session.group);
}

/** The newest message in one line; in groups preceded by its sender. */
export function previewLine(state: State, session: Session, text: string, from: number): string {
  // The text that servers store for an audio message.
  const line = text === '[语音]' ? t.value.audioMark : previewOf(text, t.value.imageMark);
  if (line === '' || from === 0) return line;
  if (from === state.ownId) return `${t.value.you}: ${line}`;
  return 'group' in session ? `${userName(state, from)}: ${line}` : line;
}
