import type { GroupChange, TeamTalkClient } from '@teamtalk/client';
import { t } from '../i18n/index.js';
import { emptyConversation } from './conversations.js';
import { sessionName, userName } from './names.js';
import type { State } from './state.js';
import { showToast } from './toasts.js';

/** What users can do with groups. Methods throw as the SDK's requests do. */
export class GroupActions {
  readonly #client: TeamTalkClient;
  readonly #state: State;

  constructor(client: TeamTalkClient, state: State) {
    this.#client = client;
    this.#state = state;
  }

  /** @returns the group's id */
  async create(name: string, memberIds: readonly number[]): Promise<number> {
    const groupId = await this.#client.groups.create(name, memberIds);
    await this.load([groupId]);
    this.#state.putConversation(emptyConversation({ group: groupId }, Math.floor(Date.now() / 1000)));
    return groupId;
  }

  async add(groupId: number, memberIds: readonly number[]): Promise<void> {
    this.#setMembers(groupId, await this.#client.groups.addMembers(groupId, memberIds));
  }

  async remove(groupId: number, memberId: number): Promise<void> {
    this.#setMembers(groupId, await this.#client.groups.removeMembers(groupId, [memberId]));
  }

  async leave(groupId: number): Promise<void> {
    await this.#client.groups.removeMembers(groupId, [this.#state.ownId]);
    this.#state.removeConversation(`g${groupId}`);
  }

  async setMuted(groupId: number, isMuted: boolean): Promise<void> {
    await this.#client.groups.setMuted(groupId, isMuted);
    this.#state.changeGroup(groupId, { shieldStatus: isMuted ? 1 : 0 });
  }

  /** Never throws. */
  async load(groupIds: number[]): Promise<void> {
    try {
      this.#state.putGroups(await this.#client.groups.info(groupIds));
    } catch (error) {
      console.warn('a group could not be loaded:', error);
    }
  }

  /** Called when another user has changed a group. */
  async changed({ groupId, byUserId, change, userIds, memberIds }: GroupChange): Promise<void> {
    const { ownId } = this.#state;
    if (this.#state.groups.value.has(groupId)) this.#setMembers(groupId, memberIds);
    else if (memberIds.includes(ownId)) await this.load([groupId]);
    if (byUserId === ownId) return;
    const nameOf = (id: number) => (id === ownId ? t.value.you : userName(this.#state, id));
    const whom = userIds.map(nameOf).join(', ');
    const text =
      change === 'added'
        ? t.value.groupAdded(nameOf(byUserId), whom)
        : userIds.length === 1 && userIds[0] === byUserId
          ? t.value.groupLeft(nameOf(byUserId))
          : t.value.groupRemoved(nameOf(byUserId), whom);
    showToast(`${sessionName(this.#state, { group: groupId })}: ${text}`);
  }

  #setMembers(groupId: number, memberIds: readonly number[]): void {
    this.#state.changeGroup(groupId, { groupMemberList: [...memberIds] });
  }
}
