-- A page of a feed's runs, newest first.
--
-- Grain     one row per run
-- In        {where} condition on r, {how_many}
-- Out       columns of browse_records.RunRow
-- Re-run    reads only
SELECT
    r.run_id,
    r.feed,
    r.dag_run_id,
    r.state,
    r.preview,
    r.replay_of,
    r.file_set_id,
    r.ordered_at,
    r.opened_at,
    r.updated_at,
    (
        SELECT count(*)
        FROM cdp.sync_file AS s
        WHERE s.run_id = r.run_id AND s.part_no > 0
    ) AS parts,
    r.counts,
    r.error_code,
    r.error_message
FROM cdp.sync_run AS r
WHERE {where}
ORDER BY r.opened_at DESC, r.run_id DESC
LIMIT {how_many};
