-- The indexed search terms of a user: the four characters from each position of their names, addresses and pinyin.
-- Uses only pg_catalog, since PostgreSQL maintains indexes without any other schema on the search path.
CREATE FUNCTION user_search_terms(names text, addresses text, pinyin text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5000 AS $$
  SELECT array_to_tsvector(coalesce(array_agg(substr(part, place, 4)), '{}'))
  FROM unnest(string_to_array(names || E'\n' || addresses || E'\n' || coalesce(pinyin, ''), E'\n')) AS p (part),
    generate_series(1, length(part)) AS place
$$
