-- Freeze which rows of a log are a window's events, and in which state.
--
-- Grain     one row per event
-- In        {keys} table to create, {log} and {joins}, {log_id}, {state} number of the first rule that holds or NULL,
--           {wanted} bounds and filters, {known} condition that is true for events exported before
-- Out       the table, numbered from 1
-- Re-run    fails if it exists; it is created with the window
CREATE TABLE {keys} AS
SELECT
    c.log_id,
    (row_number() OVER ())::integer AS row_no,
    c.state
FROM (
    SELECT
        {log_id}::bigint AS log_id,
        ({state})::smallint AS state
    FROM {log} AS b
    {joins}
    WHERE {wanted}
) AS c
WHERE c.state IS NOT NULL AND NOT {known};
