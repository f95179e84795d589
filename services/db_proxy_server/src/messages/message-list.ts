import type { teamtalk } from '@teamtalk/rpc';
import type { MessageRow } from './messages.js';

export function toMessageList(rows: readonly MessageRow[]): teamtalk.db.MessageList.$Properties {
  return {
    messages: rows.map(({ id, from_id, create_time, type, data }) => ({
      msgId: id,
      fromSessionId: from_id,
      createTime: create_time,
      msgType: type,
      msgData: data,
    })),
  };
}
