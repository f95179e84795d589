-- Finds whose terms a text can be among: a short one begins one of them, a long one consists of several.
CREATE FUNCTION user_search_query(sought text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT string_agg('''' || replace(replace(substr(wanted, least(place, greatest(length(wanted) - 3, 1)), 4), '\', '\\'),
    '''', '''''') || '''' || CASE WHEN length(wanted) < 4 THEN ':*' ELSE '' END, ' & ')::tsquery
  FROM lower(sought) AS s (wanted), generate_series(1, length(wanted), 4) AS place
$$
