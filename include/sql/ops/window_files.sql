-- The files of an export window.
--
-- Grain     one row per file
-- In        {window_id}
-- Out       columns of browse_records.WindowFile
-- Re-run    reads only
SELECT
    x.partition_no,
    x.file_no,
    x.log,
    x.key,
    x.size,
    x.rows,
    x.state,
    x.sha256,
    x.published_at,
    x.historised_key
FROM cdp.export_file AS x
WHERE x.window_id = {window_id}
ORDER BY x.log, x.partition_no, x.file_no;
