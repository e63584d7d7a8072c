-- Runs with their file sets, newest first.
--
-- Grain     one row per run
-- In        {which} condition on r, {how_many}
-- Out       columns as records.Run.from_row takes them
-- Re-run    reads only
SELECT
    r.run_id,
    r.feed,
    r.dag_run_id,
    r.file_set_id,
    r.ordered_at,
    r.manifest,
    r.config_hash,
    r.preview,
    r.state,
    r.counts,
    r.error_code,
    r.error_message,
    r.opened_at,
    r.updated_at,
    r.replay_of,
    r.accept_stale,
    coalesce(f.parts, '[]') AS parts
FROM cdp.sync_run AS r
LEFT JOIN LATERAL (
    SELECT
        json_agg(
            json_build_object('key', p.key, 'size', p.size, 'etag', p.etag, 'modified', p.modified)
            ORDER BY p.part_no
        ) AS parts
    FROM cdp.sync_file AS p
    WHERE p.run_id = r.run_id AND p.part_no > 0
) AS f ON TRUE
WHERE {which}
ORDER BY r.run_id DESC
LIMIT {how_many};
