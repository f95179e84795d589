import type { TestCluster } from '@teamtalk/cluster';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';

/** Typical messages: a word, a sentence, several lines, a link, a sticker. */
export const sampleTexts = [
  'ok',
  'Good morning',
  '你好，下午三点开会',
  'Could you look at the figures of last month before we meet? The third table is not what I remember.',
  'see https://example.com/reports/2026/11?page=2',
  'one\ntwo\nthree\nfour',
  'Thanks [牙牙大笑]',
  '请把上周的会议记录发给我，另外新的合同什么时候能准备好？客户那边一直在问，最好今天下班之前能给他们一个答复。',
  'Yes.',
  `${'A longer one, as people paste it. '.repeat(12)}`,
];

/** Stores a chat of alternating messages, one per minute; the user with the lower id has not read the last one. */
export async function storeChat(
  cluster: TestCluster,
  low: number,
  high: number,
  count: number,
): Promise<void> {
  const codec = createTextCodec(DEFAULT_TEXT_KEY);
  const texts = sampleTexts.map((text) => Buffer.from(codec.encrypt(text)));
  const conv = (BigInt(low) << 32n) | BigInt(high);
  const fromHigh = Math.floor(count / 2);
  await cluster.sql(
    `INSERT INTO conversation (conv, last_id, last_at, low_sent, low_seen, low_read)
     VALUES ($1, $2, now(), $3, $4, $2 - 1)`,
    [conv, count, count - fromHigh, fromHigh - 1],
  );
  await cluster.sql(
    `INSERT INTO message (conv, id, from_id, sender_seq, token, created_at, type, data)
     SELECT $1::int8, i, CASE WHEN i % 2 = 1 THEN $2::int4 ELSE $3::int4 END, (i + 1) / 2, 0,
       now() - interval '1 minute' * ($4::int4 - i), 1, ($5::bytea[])[1 + i * 7 % $6::int4]
     FROM generate_series(1, $4::int4) AS i`,
    [conv, low, high, count, texts, texts.length],
  );
}
