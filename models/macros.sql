-- Macros that models share, and nothing else. A change here rebuilds the models that use it.

-- Open Source Observer's id of anything that has a source, a namespace and a name: Base64 of
-- SHA-256 of the three, one behind the other without a separator. Two things can therefore have
-- one id ("a/bc" and "ab/c" on GitHub), so models join on the three, never on the id.
CREATE MACRO oso_id(source, namespace, name) AS
    to_base64(unhex(sha256(source || namespace || name)));

-- A time as upstream spells it ("2013-02-15T00:00:39-08:00"), in UTC; NULL if it is none.
-- A cast to TIMESTAMP alone would drop the offset.
CREATE MACRO utc(text) AS
    CASE
        WHEN text LIKE '____-__-__%' THEN make_timestamp(epoch_us(TRY_CAST(text AS TIMESTAMPTZ)))
    END;

-- The text, or NULL if it is empty.
CREATE MACRO non_empty(text) AS
    CASE WHEN text <> '' THEN text END;
