import { createTextCodec, imageUrlsIn, TextError } from '@teamtalk/protocol';
import { imageAddresses } from '../legacy/image-addresses.js';
import { type LegacyDatabase, wholeTableMs } from '../legacy/mysql.js';
import type { LegacyPlaces } from '../places.js';
import { roomForCopy } from '../target/room.js';
import { accountDirt, type DirtQuery, otherTenants } from './account-dirt.js';
import { missingFiles } from './file-dirt.js';
import { type Finding, type Inspection, mostSamples } from './findings.js';
import { inspectMessages } from './message-dirt.js';

const smallTables = [
  ...['IMUser', 'IMDepart', 'IMGroup', 'IMGroupMember', 'IMRelationShip', 'IMRecentSession'],
  ...['IMAudio', 'IMDiscovery', 'IMTransmitFile', 'IMAdmin'],
];
/** of each table */
const sampledTexts = 15;
/** Messages a second on two cores that the old database, PostgreSQL and the import share. */
const messagesPerSecond = 40_000;

export interface InspectOptions {
  places: LegacyPlaces;
  legacy: LegacyDatabase;
  /** what clients and old texts use when `places` does not say it */
  defaultKey: string;
  onStep(name: string): void;
}

/** Looks through a legacy store and says what is in it, what will become of it, and what stands in the way. Reads only. */
export async function inspectStore({
  places,
  legacy,
  defaultKey,
  onStep,
}: InspectOptions): Promise<Inspection> {
  const rows: Record<string, number> = {};
  const findings: Finding[] = [];
  for (const table of smallTables) {
    if (legacy.hasTable(table)) rows[table] = await count(legacy, table);
  }
  const queries =
    legacy.project === undefined
      ? accountDirt
      : [
          ...accountDirt.filter(({ name }) => name !== 'several-tenants'),
          otherTenants(legacy.isOther('IMUser')),
        ];
  for (const query of queries) {
    onStep(query.name);
    const finding = await lookFor(legacy, query);
    if (finding) findings.push(finding);
  }
  findings.push(...tablesFindings(legacy));
  const messages = await inspectMessages(legacy, onStep);
  Object.assign(rows, messages.rows);
  findings.push(...messages.findings);
  onStep('texts');
  const texts = await sampleTexts(legacy, places.textKey ?? defaultKey);
  const blockers = keyBlockers(texts);
  const known = texts.filter((text) => text !== undefined);
  findings.push(...(await addressesOfImages(legacy, known)));
  if (places.images !== undefined) {
    onStep('files');
    findings.push(...(await missingFiles(legacy, places.images, known)));
  }
  const total = Object.values(messages.rows).reduce((sum, each) => sum + each, 0);
  return {
    rows,
    findings,
    blockers,
    estimate: {
      messages: total,
      seconds: Math.ceil(10 + total / messagesPerSecond),
      ...roomForCopy(
        await legacy.bytesOf((table) => /^IM(?:Group)?Message_/.test(table)),
        places.images === undefined ? 0 : await bytesOfSounds(legacy),
      ),
    },
  };
}

async function count(legacy: LegacyDatabase, from: string): Promise<number> {
  const [row] = await legacy.rows<[number]>(`SELECT COUNT(*) FROM ${from}`, [], wholeTableMs);
  return Number(row![0]);
}

async function lookFor(
  legacy: LegacyDatabase,
  { name, what, becomes, needs = [], lacks = [], from, shown }: DirtQuery,
): Promise<Finding | undefined> {
  const has = (place: string) => {
    const [table, column] = place.split('.') as [string, string | undefined];
    return column === undefined ? legacy.hasTable(table) : legacy.hasColumn(table, column);
  };
  if (!needs.every(has) || lacks.some(has)) return undefined;
  const found = await count(legacy, from);
  if (found === 0) return undefined;
  const samples = await legacy.rows<[string]>(
    `SELECT ${shown} FROM ${from} LIMIT ${mostSamples}`,
    [],
    wholeTableMs,
  );
  return { name, what, becomes, count: found, samples: samples.map(([text]) => text) };
}

/** Columns and tables that the official schema has not, and those that are missing. */
function tablesFindings(legacy: LegacyDatabase): Finding[] {
  const findings: Finding[] = [];
  if (!legacy.hasTable('IMTransmitFile')) {
    findings.push({
      name: 'no-transmit-file',
      what: 'the table IMTransmitFile is missing, as in the official schema: offline files never worked',
      becomes: 'no offline file is imported',
      count: 1,
      samples: [],
    });
  }
  const own = legacy.tables().flatMap((table) => {
    const known = knownColumns[table];
    if (known === undefined) return [`${table}`];
    return legacy
      .columnsOf(table)
      .filter((column) => !known.has(column.toLowerCase()))
      .map((column) => `${table}.${column}`);
  });
  if (own.length > 0) {
    findings.push({
      name: 'own-columns',
      what: 'tables and columns that the official TeamTalk has not',
      becomes: 'they stay in the old database',
      count: own.length,
      samples: own.slice(0, 20),
    });
  }
  return findings;
}

const words = (text: string) => new Set(text.toLowerCase().split(' '));
const pairColumns = words('id relateId fromId toId msgId content type status updated created');
const groupColumns = words('id groupId userId msgId content type status updated created');
const knownColumns: Record<string, Set<string>> = {
  IMAdmin: words('id uname pwd status created updated'),
  IMAudio: words('id fromId toId path size duration created'),
  IMDepart: words('id departName priority parentId status created updated'),
  IMDiscovery: words('id itemName itemUrl itemPriority status created updated'),
  IMGroup: words('id name avatar creator type userCnt status version lastChated updated created'),
  IMGroupMember: words('id groupId userId status created updated'),
  IMRecentSession: words('id userId peerId type status created updated'),
  IMRelationShip: words('id smallId bigId status created updated'),
  IMTransmitFile: words('id fromId toId fileName taskId size status updated created'),
  IMUser: words(
    'id sex name domain nick password salt phone email avatar departId status created updated push_shield_status sign_info',
  ),
  ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`IMMessage_${i}`, pairColumns])),
  ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`IMGroupMessage_${i}`, groupColumns])),
};

/** Decrypts the newest texts; undefined: the key does not fit. Texts that are not encrypted are left out. */
async function sampleTexts(legacy: LegacyDatabase, key: string): Promise<(string | undefined)[]> {
  const codec = createTextCodec(key);
  const texts: (string | undefined)[] = [];
  for (const [table, type] of [
    ...Array.from({ length: 8 }, (_, i) => [`IMMessage_${i}`, 1] as const),
    ...Array.from({ length: 8 }, (_, i) => [`IMGroupMessage_${i}`, 17] as const),
  ]) {
    if (!legacy.hasTable(table)) continue;
    const rows = await legacy.rows<[Buffer]>(
      `SELECT CAST(content AS BINARY) FROM ${table} WHERE type = ${type} AND content <> '' AND LENGTH(content) < 4096
        ORDER BY id DESC LIMIT ${sampledTexts}`,
    );
    for (const [content] of rows) {
      try {
        texts.push(codec.decrypt(content));
      } catch (error) {
        if (!(error instanceof TextError)) throw error;
        if (error.reason !== 'not-base64' && error.reason !== 'not-whole-blocks') texts.push(undefined);
      }
    }
  }
  return texts;
}

/** The msfs addresses in texts and avatars. */
async function addressesOfImages(legacy: LegacyDatabase, texts: readonly string[]): Promise<Finding[]> {
  const urls = texts.flatMap(imageUrlsIn);
  for (const table of ['IMUser', 'IMGroup']) {
    const rows = await legacy.rows<[string]>(`SELECT avatar FROM ${table} WHERE avatar LIKE 'http%'`);
    urls.push(...rows.map(([avatar]) => avatar));
  }
  const addresses = imageAddresses(urls);
  if (addresses.length === 0) return [];
  return [
    {
      name: 'image-address',
      what: 'addresses of msfs in the newest texts and all avatars',
      becomes: 'kept: each has to lead to the new msfs; `teamtalk import check-images` checks them',
      count: addresses.length,
      samples: addresses.slice(0, mostSamples).map(({ origin, count: n }) => `${origin}: ${n} images`),
    },
  ];
}

/** A key that decrypts fewer than half of the texts is the wrong one. */
function keyBlockers(texts: readonly (string | undefined)[]): string[] {
  const readable = texts.filter((text) => text !== undefined).length;
  if (readable * 2 >= texts.length) return [];
  return [
    `the text key decrypts only ${readable} of ${texts.length} sampled texts, so it is the wrong one. The right one is aesKey in dbproxyserver.conf and msgserver.conf: give it with --text-key, or their folder with --config.`,
  ];
}

/** Total size of the recordings, which become part of messages. */
async function bytesOfSounds(legacy: LegacyDatabase): Promise<number> {
  if (!legacy.hasTable('IMAudio')) return 0;
  const [row] = await legacy.rows<[number | string | null]>(
    'SELECT SUM(size) FROM IMAudio',
    [],
    wholeTableMs,
  );
  return Number(row?.[0] ?? 0);
}
