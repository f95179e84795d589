-- A query for the users whose search terms may contain a text. A text of fewer than four characters is the prefix of a term; a
-- longer one is split into terms of four characters, all of which must occur.
CREATE FUNCTION user_search_query(sought text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT string_agg('''' || replace(replace(substr(wanted, least(place, greatest(length(wanted) - 3, 1)), 4), '\', '\\'),
    '''', '''''') || '''' || CASE WHEN length(wanted) < 4 THEN ':*' ELSE '' END, ' & ')::tsquery
  FROM lower(sought) AS s (wanted), generate_series(1, length(wanted), 4) AS place
$$
