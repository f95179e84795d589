import { type RequirementId, requirementTable } from './requirements.js';

/** A known difference of the original C++ server, found in its sources and on a running one. */
interface Difference {
  readonly text: string;
  /** the rule it departs from, a heading of docs/reference */
  readonly rule: string;
}

const ownDifferences = {
  'original-silent-refusal': {
    text: 'no answer to 0x0405 for a normal group, to 0x0407 of an unknown group, to 0x040a of an outsider',
    rule: 'client-behaviour.md#changing-members',
  },
  'original-p2p': {
    text: '0x0601 is forwarded unread: to oneself it arrives twice, to an unknown user at the sender’s other clients',
    rule: 'client-behaviour.md#p2p-commands',
  },
  'original-unchanged': {
    text: '0x010c and 0x0213 that change nothing are answered with 1',
    rule: 'client-behaviour.md#do-not-disturb',
  },
  'original-signature-bytes': {
    text: 'a signature has at most 128 bytes, not characters',
    rule: 'client-behaviour.md#avatars-and-signatures',
  },
  'original-stays-open': {
    text: 'a kicked connection stays open',
    rule: 'client-behaviour.md#one-connection-a-class',
  },
  'original-second-message': {
    text: 'a resent message, or one with the same attach_data, is stored as a second message',
    rule: 'client-behaviour.md#resent-messages',
  },
  'original-http-interfaces': {
    text: 'the HTTP API of mogujie’s original has CreateGroup and ChangeMembers only',
    rule: 'client-behaviour.md#answers-of-the-legacy-api',
  },
  'original-file-to-nobody': {
    text: 'a file to an unknown user is answered with 0',
    rule: 'client-behaviour.md#file-tasks',
  },
  'original-unchecked': {
    text: 'do-not-disturb accepts any number, and commands about unknown sessions are forwarded',
    rule: 'client-behaviour.md#do-not-disturb',
  },
  'original-no-limits': {
    text: 'lists and history have no limit of entries or bytes, not even Android’s 400 KiB',
    rule: 'client-behaviour.md#history',
  },
  'original-file-server': {
    text: 'file_server trusts offsets, sizes and roles, and drops a task with its connection',
    rule: 'client-behaviour.md#file-tasks',
  },
  'original-no-extensions': {
    text: 'the commands of service 0x0008 are unknown to it',
    rule: 'client-behaviour.md#commands-besides-those-of-the-original',
  },
} as const satisfies Record<string, Difference>;

type OwnDifferenceId = keyof typeof ownDifferences;
type FixedId = Extract<RequirementId, `fix-${string}` | `defect-${string}`>;

/** Known of the original: a defect that a requirement fixes, or a difference of its own. */
export type DifferenceId = OwnDifferenceId | FixedId;

/** Outcome of a case on an original: the differences it fails for, or `untried`. */
export type OnOriginal = readonly DifferenceId[] | 'untried';

/** The requirements of a case that name defects of the original. */
export function fixedOf(proves: readonly RequirementId[]): DifferenceId[] {
  return proves.filter((id): id is FixedId => id.startsWith('fix-') || id.startsWith('defect-'));
}

/** Text of a difference for reports. */
export function describeDifference(id: DifferenceId): string {
  if (id in ownDifferences) {
    const { text, rule } = ownDifferences[id as OwnDifferenceId];
    return `${text} (docs/reference/${rule})`;
  }
  return `not so on the original: ${requirementTable[id as FixedId].text}`;
}
