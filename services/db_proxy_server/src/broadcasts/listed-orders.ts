import type { Statement } from '../database/database.js';

/** The audiences offered at the console. */
export const orderAudiences = ['everybody', 'departments', 'groups', 'users'] as const;

export type OrderAudience = (typeof orderAudiences)[number];

/** A broadcast as the console lists it. */
export interface BroadcastOrder {
  id: number;
  fromUserId: number;
  fromName: string;
  message: string;
  audience: OrderAudience;
  chosen: number;
  /** names of the first three chosen */
  names: string[];
  /** `nobody`: there was no receiver when it was due, or its sender had left */
  state: 'scheduled' | 'sending' | 'done' | 'cancelled' | 'nobody';
  createdBy: string;
  /** unix seconds, as all times here */
  createdAt: number;
  sendAt: number;
  /** null: not yet */
  endedAt: number | null;
  cancelledBy: string | null;
  receivers: number;
  stored: number;
  refused: number;
}

/** SQL expression for the display name of user `u`. */
export const calledBy = `coalesce(nullif(u.nick_name, ''), u.name)`;

const state = `
  CASE WHEN o.cancelled_by IS NOT NULL THEN 'cancelled' WHEN o.ended_at IS NOT NULL THEN 'nobody'
    WHEN o.broadcast_id IS NULL THEN 'scheduled' WHEN b.finished_at IS NULL THEN 'sending' ELSE 'done' END`;

export const listOrders: Statement = {
  name: 'broadcast_orders',
  text: `
    SELECT o.id, o.from_id AS "fromUserId", ${calledBy} AS "fromName", o.message, o.audience, cardinality(o.ids) AS chosen,
      ARRAY(
        SELECT d.name FROM department d WHERE o.audience = 'departments' AND d.id = ANY (o.ids[1:3])
        UNION ALL SELECT g.name FROM chat_group g WHERE o.audience = 'groups' AND g.id = ANY (o.ids[1:3])
        UNION ALL SELECT ${calledBy} FROM im_user u WHERE o.audience = 'users' AND u.id = ANY (o.ids[1:3])
      ) AS names,
      ${state} AS state, o.created_by AS "createdBy", extract(epoch FROM o.created_at)::float8 AS "createdAt",
      extract(epoch FROM o.send_at)::float8 AS "sendAt",
      extract(epoch FROM coalesce(o.ended_at, b.finished_at))::float8 AS "endedAt", o.cancelled_by AS "cancelledBy",
      coalesce(b.receiver_count, 0) AS receivers, coalesce(b.stored_count, 0) AS stored,
      coalesce(b.refused_count, 0) AS refused
    FROM broadcast_order o JOIN im_user u ON u.id = o.from_id LEFT JOIN broadcast b ON b.id = o.broadcast_id
    ORDER BY coalesce(o.ended_at, b.finished_at) IS NULL DESC, o.id DESC LIMIT 200`,
};
