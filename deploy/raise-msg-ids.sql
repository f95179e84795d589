-- After a restore that has lost messages: raises the msg_ids of every conversation by :raise, so that none is given out
-- twice (docs/guides/backup.md says why). Run it while no service runs, once:
--
--   psql "$DATABASE_URL" --set=raise=100000 --file=deploy/raise-msg-ids.sql
--
-- The newest message of each conversation takes a new id, because lists of sessions show the message that has the newest
-- id; read positions move along, so that unread counts stay what they were.
\set ON_ERROR_STOP on
BEGIN;

-- A message of the higher user of a pair counts those of his before it: the ids left out are taken for his.
UPDATE message m
   SET id = m.id + :raise,
       sender_seq = m.sender_seq
         + CASE WHEN c.conv >= 4294967296 AND m.from_id <> c.conv >> 32 THEN :raise ELSE 0 END
  FROM conversation c
 WHERE m.conv = c.conv AND m.id = c.last_id;

UPDATE message_key k SET msg_id = k.msg_id + :raise
  FROM conversation c WHERE k.conv = c.conv AND k.msg_id = c.last_id;

UPDATE group_member g
   SET read_id = g.read_id + :raise,
       -- Who came after the newest message does not see it under its new id either.
       join_msg_id = g.join_msg_id + CASE WHEN g.join_msg_id = c.last_id THEN :raise ELSE 0 END,
       removed_id = g.removed_id + CASE WHEN g.removed_id > 0 THEN :raise ELSE 0 END
  FROM conversation c
 WHERE c.conv = g.group_id AND c.last_id > 0;

UPDATE conversation
   SET last_id = last_id + :raise,
       low_read = low_read + CASE WHEN conv >= 4294967296 THEN :raise ELSE 0 END,
       low_seen = low_seen + CASE WHEN conv >= 4294967296 THEN :raise ELSE 0 END,
       high_read = high_read + CASE WHEN conv >= 4294967296 THEN :raise ELSE 0 END,
       low_removed = low_removed + CASE WHEN low_removed > 0 THEN :raise ELSE 0 END,
       high_removed = high_removed + CASE WHEN high_removed > 0 THEN :raise ELSE 0 END
 WHERE last_id > 0;

-- Batches not delivered yet have the old ids. Everybody loads what he missed when he logs in.
DELETE FROM outbox;

COMMIT;
