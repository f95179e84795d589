import { type RequirementId, requirementTable } from './requirements.js';

/** Something an original C++ server does otherwise, as was read in its sources and seen on a running one. */
interface Difference {
  readonly text: string;
  /** where the protocol notes tell of it */
  readonly section: string;
}

const ownDifferences = {
  'original-silent-refusal': {
    text: 'no answer to 0x0405 for a normal group, to 0x0407 of an unknown group, to 0x040a of an outsider',
    section: '12b',
  },
  'original-p2p': {
    text: '0x0601 is passed on unread: one to oneself arrives twice, one to nobody at one’s own other clients',
    section: '12b',
  },
  'original-unchanged': { text: '0x010c and 0x0213 that change nothing are answered with 1', section: '12b' },
  'original-signature-bytes': { text: 'a signature has at most 128 bytes, not characters', section: '12b' },
  'original-stays-open': { text: 'a connection that was kicked stays open', section: '12b' },
  'original-second-message': {
    text: 'a message sent again, or with the same attach_data, is a second message',
    section: '12b',
  },
  'original-http-interfaces': {
    text: 'the HTTP API of mogujie’s original has CreateGroup and ChangeMembers only',
    section: '12b',
  },
  'original-file-to-nobody': { text: 'a file to nobody is answered with 0', section: '12b' },
  'original-unchecked': {
    text: 'do-not-disturb may be any number, and what is said of a session that is not there is passed on',
    section: '3 and 5',
  },
  'original-no-limits': {
    text: 'lists and history have neither a cap nor a limit of bytes, Android’s 400 KiB included',
    section: '12b',
  },
  'original-file-server': {
    text: 'file_server believes offsets, sizes and roles, and forgets a task with its connection',
    section: '8',
  },
} as const satisfies Record<string, Difference>;

type OwnDifferenceId = keyof typeof ownDifferences;
type FixedId = Extract<RequirementId, `fix-${string}` | `defect-${string}`>;

/** What is known of the original: a defect that the notes have mended, or a place where they ask for more. */
export type DifferenceId = OwnDifferenceId | FixedId;

/** How a case comes out on an original: for what it is known to fail there, or that nobody has tried it. */
export type OnOriginal = readonly DifferenceId[] | 'untried';

/** The requirements of a case that say what the original does wrong. */
export function fixedOf(proves: readonly RequirementId[]): DifferenceId[] {
  return proves.filter((id): id is FixedId => id.startsWith('fix-') || id.startsWith('defect-'));
}

/** What is to be read of a difference: what the original does, or what it fails to do. */
export function describeDifference(id: DifferenceId): string {
  if (id in ownDifferences) {
    const { text, section } = ownDifferences[id as OwnDifferenceId];
    return `${text} (protocol notes, section ${section})`;
  }
  return `not so on the original: ${requirementTable[id as FixedId].text}`;
}
