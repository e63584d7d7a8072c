-- Write down the files of a new run.
--
-- Grain     one row per part, and one for the manifest
-- In        {run_id}, {feed}, {state}, {numbers}, {keys}, {sizes}, {etags}, {modified} arrays of the same length
-- Out       rows in cdp.sync_file
-- Re-run    refused by the primary key
INSERT INTO cdp.sync_file (run_id, feed, state, part_no, key, size, etag, modified)
SELECT
    {run_id},
    {feed},
    {state},
    a.part_no,
    a.key,
    a.size,
    a.etag,
    a.modified
FROM unnest(
    {numbers}::integer[], {keys}::text[], {sizes}::bigint[], {etags}::text[], {modified}::timestamptz[]
) AS a (part_no, key, size, etag, modified);
