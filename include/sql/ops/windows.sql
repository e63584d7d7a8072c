-- A page of a feed's export windows, newest first.
--
-- Grain     one row per window
-- In        {where} condition on r, {how_many}
-- Out       columns of browse_records.WindowRow
-- Re-run    reads only
SELECT
    r.window_id,
    r.feed,
    r.dag_run_id,
    r.state,
    r.preview,
    r.backfill,
    r.opened_at,
    r.updated_at,
    coalesce(b.bounds, '[]') AS bounds,
    r.counts,
    b.rows,
    coalesce(f.files, 0) AS files,
    coalesce(f.bytes, 0) AS bytes,
    r.reason
FROM cdp.export_window AS r
LEFT JOIN LATERAL (
    SELECT
        json_agg(
            json_build_object('log', g.log, 'lower', g.lower, 'upper', g.upper, 'rows', g.rows)
            ORDER BY g.log
        ) AS bounds,
        sum(g.rows)::bigint AS rows
    FROM cdp.export_log AS g
    WHERE g.window_id = r.window_id
) AS b ON TRUE
LEFT JOIN LATERAL (
    SELECT
        count(*) AS files,
        sum(x.size)::bigint AS bytes
    FROM cdp.export_file AS x
    WHERE x.window_id = r.window_id
) AS f ON TRUE
WHERE {where}
ORDER BY r.opened_at DESC, r.window_id DESC
LIMIT {how_many};
