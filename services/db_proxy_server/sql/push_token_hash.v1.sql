-- What a device is known by: its token, whichever provider is named with it; of a subscription its endpoint, since its keys may
-- change. Two users never have the same device.
CREATE OR REPLACE FUNCTION push_token_hash(of_token text) RETURNS bytea
LANGUAGE sql STABLE
AS $$
  SELECT sha256(convert_to(coalesce(
    replace(substring(of_token FROM '^\s*\{.*"endpoint"\s*:\s*"([^"]*)"'), '\/', '/'), of_token), 'UTF8'))
$$;
