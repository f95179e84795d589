import type { LegacyWriter } from '../legacy/writer.js';
import type { TargetDatabase } from '../target/database.js';

/** Writes where push reaches users, for those where that has changed: the old store has one token for each user. */
export async function returnDeviceTokens(database: TargetDatabase, writer: LegacyWriter): Promise<void> {
  const changed = await database.rows<{ user_id: number; client_type: number | null; token: string | null }>(`
    SELECT DISTINCT ON (user_id) user_id, t.client_type, t.token
    FROM (
      SELECT DISTINCT user_id FROM device_token n
      FULL JOIN legacy_import.before_device_token b USING (user_id, client_type)
      WHERE n.token IS DISTINCT FROM b.token
    ) AS c
    LEFT JOIN device_token t USING (user_id) ORDER BY user_id, t.updated_at DESC`);
  for (const { user_id: user, client_type: type, token } of changed) {
    if (token === null) {
      await writer.redis.token.set(`device_${user}`, '');
      continue;
    }
    await writer.redis.token.set(`device_${user}`, `${type === 17 ? 'ios' : 'android'}:${token}`);
    await writer.redis.token.set(`device_${token}`, String(user));
  }
}
