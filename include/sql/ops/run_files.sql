-- The files of a run; the manifest is part 0.
--
-- Grain     one row per file
-- In        {run_id}
-- Out       columns of browse_records.RunFile
-- Re-run    reads only
SELECT
    s.part_no,
    s.key,
    s.size,
    s.modified,
    s.state,
    s.rows,
    s.rejected,
    s.sha256,
    s.historised_key
FROM cdp.sync_file AS s
WHERE s.run_id = {run_id}
ORDER BY s.part_no;
