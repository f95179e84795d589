-- Copies changes of device_token, which 0x0108 writes, to push_device. A token belongs to the user who sent it last: it is taken from
-- its former user in the same transaction. Sending it again revives a device that had been given up. What an app registered about
-- the device is kept.
CREATE OR REPLACE FUNCTION follow_device_token() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  mobile_os text := CASE (CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END).client_type
    WHEN 17 THEN 'ios' ELSE 'android' END;
  device_provider text := CASE mobile_os WHEN 'ios' THEN 'apns' ELSE 'android' END;
  device_token text;
  prefix text;
  fingerprint bytea;
  problem text;
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM push_device WHERE user_id = OLD.user_id AND client_type = OLD.client_type AND by_command;
    RETURN NULL;
  END IF;

  device_token := NEW.token;
  IF mobile_os = 'ios' THEN
    device_token := lower(device_token);
    -- Apps built with the SDK of iOS 13 or newer send the description of an NSData object, which is truncated.
    IF device_token !~ '^([0-9a-f]{2}){32,100}$' THEN
      problem := 'unusable';
    END IF;
  ELSE
    prefix := substring(device_token FROM '^(fcm|hms|honor|mi|oppo|vivo|webpush|unifiedpush):');
    IF prefix IS NOT NULL THEN
      device_provider := CASE prefix WHEN 'mi' THEN 'xiaomi' ELSE prefix END;
      device_token := substr(device_token, length(prefix) + 2);
    END IF;
    IF device_token = '' THEN
      problem := 'unusable';
    END IF;
  END IF;
  fingerprint := push_token_hash(device_token);

  DELETE FROM push_device d
    WHERE d.token_hash = fingerprint AND d.user_id <> NEW.user_id
      OR d.by_command AND d.user_id = NEW.user_id AND d.client_type = NEW.client_type AND d.token_hash <> fingerprint;
  INSERT INTO push_device AS d (user_id, client_type, provider, token, token_hash, by_command, failure)
    VALUES (NEW.user_id, NEW.client_type, device_provider, device_token, fingerprint, true, problem)
    ON CONFLICT (token_hash) DO UPDATE SET user_id = excluded.user_id, client_type = excluded.client_type,
      -- A token without a prefix does not identify its provider.
      provider = CASE excluded.provider WHEN 'android' THEN d.provider ELSE excluded.provider END,
      token = excluded.token, by_command = true, seen_at = now(), failure = excluded.failure;
  RETURN NULL;
END
$$;
