-- How far one transaction id is below another; negative when it is above. Ids wrap after 2^32.
CREATE OR REPLACE FUNCTION transactions_back(id int8, below int8) RETURNS int8
LANGUAGE sql IMMUTABLE
AS $$ SELECT ((below - id + 2147483648) & 4294967295) - 2147483648 $$;
