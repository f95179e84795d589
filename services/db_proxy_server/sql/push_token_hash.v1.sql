-- Identifies a device by its token, whichever provider is named; a Web Push subscription by its endpoint, since its keys can
-- change. A device belongs to one user.
CREATE OR REPLACE FUNCTION push_token_hash(of_token text) RETURNS bytea
LANGUAGE sql STABLE
AS $$
  SELECT sha256(convert_to(coalesce(
    replace(substring(of_token FROM '^\s*\{.*"endpoint"\s*:\s*"([^"]*)"'), '\/', '/'), of_token), 'UTF8'))
$$;
