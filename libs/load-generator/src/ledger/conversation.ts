/** Two users, or a group, that write to each other in a run. */
export class Conversation {
  readonly key: string;
  /** the store's key, int8 as text */
  readonly conv: string;
  /** ids of its users */
  readonly members: readonly number[];
  /** undefined: the two members' own conversation */
  readonly groupId: number | undefined;

  static pair(one: number, other: number): Conversation {
    const [low, high] = one < other ? [one, other] : [other, one];
    return new Conversation(`${low}:${high}`, (BigInt(low) << 32n) | BigInt(high), [low, high], undefined);
  }

  static group(id: number, members: readonly number[]): Conversation {
    return new Conversation(`group ${id}`, BigInt(id), members, id);
  }

  private constructor(key: string, conv: bigint, members: readonly number[], groupId: number | undefined) {
    this.key = key;
    this.conv = String(conv);
    this.members = members;
    this.groupId = groupId;
  }

  /** The session_id under which a member knows it: the group, or the other user. */
  sessionIdOf(member: number): number {
    return this.groupId ?? this.members.find((id) => id !== member)!;
  }
}
