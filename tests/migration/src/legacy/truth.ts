/**
 * What has to become of a generated store, as the generator knows it from making it. Reasons are those of the report, by
 * which rows are left out.
 */
export interface Truth {
  users: Map<number, TrueUser>;
  /** users without a row who wrote or got a message that is shown: they are made, as having left */
  goneUsers: Set<number>;
  departments: Map<number, TrueDepartment>;
  groups: Map<number, TrueGroup>;
  /** by `group/user` */
  members: Map<string, TrueMember>;
  /** by `conv`: low * 2^32 + high for a pair, the id for a group */
  conversations: Map<bigint, TrueConversation>;
  /** in the order in which the old server shows them */
  discovery: { name: string; url: string }[];
  /** by `user/client type` */
  tokens: Map<string, string>;
  /** by key, `g0/…` */
  images: Map<string, TrueFile>;
  /** by task */
  offlineFiles: Map<string, TrueOfflineFile>;
  /** by table, kind of key or folder */
  rows: Map<string, RowCounts>;
}

interface RowCounts {
  source: number;
  imported: number;
  leftOut: Map<string, number>;
}

export interface TrueUser {
  /** what the user logs in with; undefined: another user has the name, or it is empty, and any unique one will do */
  name: string | undefined;
  realName: string;
  domain: string;
  nick: string;
  /** what they type; undefined: nobody knows it */
  password: string | undefined;
  /** as it is in the row */
  storedHash: string;
  salt: string;
  sex: number;
  phone: string;
  email: string;
  /** any of these */
  avatars: string[];
  departmentId: number;
  status: number;
  pushShield: boolean;
  signInfo: string;
  created: number;
}

interface TrueDepartment {
  /** undefined: it was empty, and any will do */
  name: string | undefined;
  parentId: number;
  priority: number;
  status: number;
}

interface TrueGroup {
  name: string;
  avatar: string;
  creatorId: number;
  type: number;
  status: number;
  /** at least */
  version: number;
  created: number;
}

interface TrueMember {
  joinedAt: number;
  joinMsgId: number;
  readId: number;
  removed: boolean;
  shield: boolean;
}

export interface TrueConversation {
  count: number;
  /** SHA-256 over the digests of the messages in order, hex */
  hash: string;
  lastAt: number;
  /** of a pair: messages of the lower user */
  lowSent: number;
  low: TrueSide;
  high: TrueSide;
  /** the first number that is not what old clients keep the message under; 0: all stay */
  renumberedFrom: number;
}

/** One user of a pair; of a group all are 0. */
export interface TrueSide {
  read: number;
  seen: number;
  removed: boolean;
}

interface TrueFile {
  size: number;
  sha256: string;
}

interface TrueOfflineFile extends TrueFile {
  fromId: number;
  toId: number;
  name: string;
}

export function emptyTruth(): Truth {
  return {
    users: new Map(),
    goneUsers: new Set(),
    departments: new Map(),
    groups: new Map(),
    members: new Map(),
    conversations: new Map(),
    discovery: [],
    tokens: new Map(),
    images: new Map(),
    offlineFiles: new Map(),
    rows: new Map(),
  };
}

/** Notes one row's fate: imported, or left out for a reason. */
export function note(truth: Truth, name: string, reason?: string, count = 1): void {
  const counts = truth.rows.get(name) ?? { source: 0, imported: 0, leftOut: new Map<string, number>() };
  truth.rows.set(name, counts);
  counts.source += count;
  if (reason === undefined) counts.imported += count;
  else counts.leftOut.set(reason, (counts.leftOut.get(reason) ?? 0) + count);
}
