import type { ImportStep } from '@teamtalk/administration';
import type { LegacyPlaces } from './places.js';

/** Where the import went: the installation that the new servers run on. */
export interface ImportedPlaces {
  /** postgres://… */
  database: string;
  /** The folder of STORAGE_DIR with STORAGE=local; undefined where files are in an S3 bucket, read through `readBlob`. */
  storageFolder: string | undefined;
  /** The content of a stored file, undefined where there is none: `g0/…`, `offline-files/…`. */
  readBlob(key: string): Promise<AsyncIterable<Uint8Array> | undefined>;
}

/**
 * Why a row, key or file of the legacy store is not in the new one, or is there in another form. The names are stable: the report
 * and both programs use them.
 */
export const leftOutReasons = {
  'message-deleted': 'messages with status 1: deleted by hand, never shown',
  'message-without-pair': 'messages of a pair from or to user 0',
  'message-type': 'messages of a type other than 1, 2 (pairs) and 17, 18 (groups): never shown',
  'message-null': 'messages whose content is NULL: the old server fails on them',
  'message-to-self': 'messages of a user to themselves',
  'group-gone': 'messages of a group that has no row in IMGroup',
  'relation-without-messages': 'pairs without a message that is shown',
  'member-left': 'members who have left; kept in legacy_import.former_member',
  'member-duplicate': 'further rows of one member of one group',
  'member-without-user': 'members who have no row in IMUser',
  'member-without-group': 'members of a group that has no row in IMGroup',
  'member-only-in-redis': 'members by Redis who are none by MySQL',
  'session-redundant': 'sessions that follow from the messages: there is no table of them',
  'audio-unused': 'voice recordings that no message names',
  'discovery-deleted': 'discovery items with status 1',
  'discovery-empty': 'discovery items without a name or a URL',
  'token-desktop': 'device tokens without "ios:" or "android:"',
  'token-without-user': 'device tokens of users who have no row in IMUser',
  'token-reverse': 'the keys device_TOKEN, which follow from device_USER',
  'counter-redundant': 'counters of message ids, which follow from the messages',
  'unread-without-peer': 'unread counts of a sender without messages',
  'shield-without-member': 'push settings of users who are not in the group',
  'file-name': 'files of msfs whose names the new msfs does not serve',
  'offline-file-without-row': 'offline files that nobody waits for',
  'offline-row-without-file': 'rows of IMTransmitFile whose file is missing',
  'offline-file-broken': 'offline files whose length is not the one in their header',
  'offline-file-fetched': 'rows of IMTransmitFile with status 1',
  'offline-file-without-user': 'offline files from or to users who have no row in IMUser',
  'offline-file-beyond-limit': 'offline files beyond 200 of one pair, the oldest ones',
  'admin-account': 'accounts of the PHP pages; kept without their passwords in legacy_import.admin_account',
  'id-too-large': 'rows with an id beyond 2147483647',
  'other-project':
    'rows and keys of other projects (pid) than the imported one, and whatever refers to their users or groups',
} as const;

export type LeftOutReason = keyof typeof leftOutReasons;

/*
 * Decisions where the legacy store leaves room, for both programs:
 * - a login name is IMUser.name without the spaces at its end. Of several rows of one name the one with status 0 and the highest
 *   id keeps it (the highest id where none has status 0); the others, and empty names, become `name#id`; real_name is IMUser.name
 *   as it is;
 * - a user who wrote or got a message that is shown and has no row in IMUser becomes one with status 3 and the name `gone#id`;
 * - IMUser.domain becomes im_user.domain; a status of NULL becomes 0, one beyond 4 becomes 3;
 * - an avatar that is only a base URL (`http://host:port/`) becomes '', every other one stays as it is;
 * - a department without a name is named `#id`;
 * - discovery items get the priority that keeps the order of their ids;
 * - messages are as they are stored (`data` = the column's bytes), voice as four bytes of the duration and the file; where the
 *   file or its row is missing, or its size is not the row's: the four bytes alone (0 without a row);
 * - messages are numbered 1…n by (created, relate id, id), pairs of several relations merged: a number stays where it is its place;
 * - if one project (pid) of several is imported, a message between two users belongs to another project if its sender or receiver
 *   does, and a group message if the group does. This reason takes precedence over all others. A user of another project who wrote
 *   to a group of this one becomes a user without a row;
 * - a time of 0 is 1970-01-01 00:00:00 UTC.
 */

/** One table, Redis pool or folder: `source` = `imported` + all of `leftOut` + `unexplained`. */
export interface Reconciliation {
  /** `IMUser`, `IMMessage_3`, `redis unread_*`, `msfs`, `offline_file`, … */
  name: string;
  source: number;
  imported: number;
  leftOut: Partial<Record<LeftOutReason, number>>;
  unexplained: number;
  /** the first unexplained ones, each in words */
  samples: string[];
}

/** One property compared for everything that has it, such as the hash of each conversation. */
export interface Comparison {
  /** in words, as in the report: `messages of each conversation`, `unread counts of each user` */
  name: string;
  compared: number;
  differences: number;
  /** the first differences, each in words */
  samples: string[];
}

export interface Verification {
  reconciliations: Reconciliation[];
  comparisons: Comparison[];
  /** the sum of all `unexplained` and `differences`: only 0 may be signed */
  unexplained: number;
  seconds: number;
}

export interface VerificationProgress {
  /** what is read now */
  step: ImportStep;
  done: number;
  /** of the same unit as `done`; 0 where it is not known yet */
  total: number;
}

/**
 * Compares a legacy store with what was imported from it. Uses no code of the importer. Memory is bounded at 512 MiB whatever the
 * number of messages; both sides are only read.
 *
 * @throws Failure where a side cannot be read; a difference is a result, not an error
 */
export type Verify = (
  legacy: LegacyPlaces,
  imported: ImportedPlaces,
  options: {
    onProgress?: (progress: VerificationProgress) => void;
    signal?: AbortSignal;
    /** called before every step, to limit the load; resolves after a pause for the work since the last call */
    rest?: () => Promise<void>;
    /** whether `rest` limits the load: one thing is read at a time */
    isLimited?: boolean;
  },
) => Promise<Verification>;
