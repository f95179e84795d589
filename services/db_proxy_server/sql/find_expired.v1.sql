-- Looks at the next w_count conversations after w_after. Returns those with expired messages and no hold, each with the time before
-- which messages have expired and an upper bound of their number.
--
-- A group's own rule comes before that of the installation. A pair has for each user the rule of the nearest department above them,
-- or else that of the installation; the longer one counts. No rule, a rule without days and a rule that is not in effect yet keep
-- messages for ever.
CREATE OR REPLACE FUNCTION find_expired(
  w_after int8, w_count int4,
  OUT reached int8, OUT at_end bool, OUT convs int8[], OUT befores timestamptz[], OUT sizes int4[]
)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off
AS $$
DECLARE
  for_ever CONSTANT int4 := 1000000;
  otherwise int4;
BEGIN
  SELECT min(CASE WHEN r.effective_at <= now() THEN r.days END) INTO otherwise
    FROM retention_rule r WHERE r.scope = 'installation';
  otherwise := coalesce(otherwise, for_ever);

  WITH RECURSIVE rule AS (
    SELECT r.scope, r.scope_id, CASE WHEN r.effective_at <= now() THEN coalesce(r.days, for_ever) ELSE for_ever END AS days
      FROM retention_rule r
  ), tree AS (
    SELECT d.id, coalesce(r.days, otherwise) AS days
      FROM department d LEFT JOIN rule r ON r.scope = 'department' AND r.scope_id = d.id
      WHERE NOT EXISTS (SELECT FROM department p WHERE p.id = d.parent_id)
    UNION
    SELECT d.id, coalesce(r.days, t.days)
      FROM tree t JOIN department d ON d.parent_id = t.id
      LEFT JOIN rule r ON r.scope = 'department' AND r.scope_id = d.id
  ), page AS (
    SELECT c.conv, c.kept_from, c.last_id FROM conversation c WHERE c.conv > w_after ORDER BY c.conv LIMIT w_count
  ), kept AS (
    SELECT p.conv, p.kept_from, p.last_id,
        CASE WHEN p.conv < 4294967296 THEN coalesce(g.days, otherwise)
          ELSE greatest(coalesce(low_tree.days, otherwise), coalesce(high_tree.days, otherwise)) END AS days
      FROM page p
      LEFT JOIN rule g ON g.scope = 'group' AND g.scope_id = p.conv
      LEFT JOIN im_user low_user ON p.conv >= 4294967296 AND low_user.id = (p.conv >> 32)::int4
      LEFT JOIN im_user high_user ON p.conv >= 4294967296 AND high_user.id = (p.conv & 4294967295)::int4
      LEFT JOIN tree low_tree ON low_tree.id = low_user.department_id
      LEFT JOIN tree high_tree ON high_tree.id = high_user.department_id
  ), expired AS (
    SELECT k.conv, now() - make_interval(days => k.days) AS before, k.last_id - k.kept_from + 1 AS size
      FROM kept k
      CROSS JOIN LATERAL (
        SELECT m.created_at FROM message m WHERE m.conv = k.conv ORDER BY m.id LIMIT 1
      ) oldest
      WHERE k.days < for_ever AND k.kept_from <= k.last_id
        AND oldest.created_at < now() - make_interval(days => k.days)
        AND NOT is_held(k.conv)
  )
  SELECT (SELECT max(p.conv) FROM page p), (SELECT count(*) < w_count FROM page),
      array_agg(e.conv ORDER BY e.conv), array_agg(e.before ORDER BY e.conv), array_agg(e.size ORDER BY e.conv)
    INTO reached, at_end, convs, befores, sizes FROM expired e;
END
$$;
