-- How many messages of a pair up to this one are the lower user's.
--
-- Volatile, so that it sees everything committed by the time it runs: it is called for rows that were locked by a writer
-- when the statement of mark_read began.
CREATE OR REPLACE FUNCTION low_sent_up_to(of_conv int8, message_id int4) RETURNS int4
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
  RETURN (
    SELECT CASE WHEN m.from_id = m.conv >> 32 THEN m.sender_seq ELSE m.id - m.sender_seq END
    FROM message m WHERE m.conv = of_conv AND m.id = message_id);
END
$$;
