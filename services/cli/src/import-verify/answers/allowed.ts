/** A place at which the two servers answered differently. */
export interface AnswerDifference {
  user: string;
  /** `0x0209`, the command of the answer, and what it was about: `0x030a user 5` */
  question: string;
  /** of the field: `userList.7.avatarUrl` */
  path: string;
  old: unknown;
  new: unknown;
  /** it is about a conversation whose messages got other numbers with the import */
  isRenumbered: boolean;
}

interface Allowance {
  /** in the report */
  name: string;
  why: string;
  covers(difference: AnswerDifference): boolean;
}

/** The only differences that an import may make. Everything else is a defect. */
export const allowedDifferences: readonly Allowance[] = [
  {
    name: 'time of the lists',
    why: 'every client fetches the lists of users and departments anew after the move',
    covers: ({ path }) => path === 'latestUpdateTime',
  },
  {
    name: 'time of a session',
    why: 'the old server keeps when a session was touched, ours the time of its last message',
    covers: ({ question, path }) =>
      question.startsWith('0x0202') && /^contactSessionList\.\d+:\d+\.updatedTime$/.test(path),
  },
  {
    name: 'version of a group',
    why: 'a larger one makes clients fetch the group again',
    covers: ({ path, old, new: ours }) =>
      /^group(Version|Info)List\..*\.?version$/.test(path) && Number(ours) >= Number(old),
  },
  {
    name: 'conversation with other numbers',
    why: 'the old server pages by numbers that come twice or have gaps; `verify` compares each message of these conversations',
    covers: ({ isRenumbered }) => isRenumbered,
  },
  {
    name: 'address of a picture',
    why: 'the host of the old msfs may be left out before the path',
    covers: ({ path, old, new: ours }) =>
      /(avatarUrl|groupAvatar)$/.test(path) &&
      String(old).replace(/^https?:\/\/[^/]*\/?/, '') === String(ours).replace(/^https?:\/\/[^/]*\/?/, ''),
  },
];
