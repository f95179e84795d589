-- What an index finds a user by: at each place of what they are found by, the four characters from there on.
-- Only of pg_catalog: PostgreSQL keeps the index up with no other schema in reach.
CREATE FUNCTION user_search_terms(names text, addresses text, pinyin text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5000 AS $$
  SELECT array_to_tsvector(coalesce(array_agg(substr(part, place, 4)), '{}'))
  FROM unnest(string_to_array(names || E'\n' || addresses || E'\n' || coalesce(pinyin, ''), E'\n')) AS p (part),
    generate_series(1, length(part)) AS place
$$
