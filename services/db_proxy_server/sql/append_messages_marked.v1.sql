-- append_messages, and a row in push_mark that says which conversations may have to be pushed. It is called in place of
-- append_messages while anything is pushed at all. One row for each batch, and only inserted: an append never waits for whoever
-- takes marks.
CREATE OR REPLACE FUNCTION append_messages_marked(
  c_conv int8[], c_count int4[], c_low int4[],
  m_conv int4[], m_rank int4[], m_from int4[], m_sender_rank int4[], m_type int2[], m_token int8[], m_data bytea[],
  g_message int4[], k_message int4[], k_key bytea[], r_message int4[],
  batch_owner int8, batch_payload bytea, delivered int8[], batch_writer int8, r_horizon int8[],
  OUT bases int4[], OUT stored_at timestamptz, OUT outbox_id int8, OUT group_versions int4[],
  OUT refused int4[], OUT known int4[], OUT known_id int4[], OUT open_from int4[], OUT too_far int4[]
)
LANGUAGE plpgsql
AS $$
BEGIN
  SELECT a.bases, a.stored_at, a.outbox_id, a.group_versions, a.refused, a.known, a.known_id, a.open_from, a.too_far
    INTO bases, stored_at, outbox_id, group_versions, refused, known, known_id, open_from, too_far
    FROM append_messages(
      c_conv, c_count, c_low, m_conv, m_rank, m_from, m_sender_rank, m_type, m_token, m_data, g_message, k_message, k_key,
      r_message, batch_owner, batch_payload, delivered, batch_writer, r_horizon) AS a;
  IF outbox_id IS NOT NULL THEN
    INSERT INTO push_mark (marked_at, conv, base, count, low) VALUES (stored_at, c_conv, bases, c_count, c_low);
    IF cardinality(g_message) > 0 THEN
      -- Who writes to a group has read it up to there.
      INSERT INTO push_read (conv, user_id)
        SELECT array_agg(c_conv[m_conv[g.i]]), array_agg(m_from[g.i]) FROM unnest(g_message) AS g(i);
    END IF;
  END IF;
END
$$;
