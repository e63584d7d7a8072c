-- Export windows with the bounds of their logs, newest first.
--
-- Grain     one row per window
-- In        {which} condition on w, {how_many}
-- Out       columns as window_records.Window.from_row takes them
-- Re-run    reads only
SELECT
    w.window_id,
    w.feed,
    w.dag_run_id,
    w.config_hash,
    w.preview,
    w.backfill,
    w.state,
    w.counts,
    w.reason,
    w.opened_at,
    w.updated_at,
    coalesce(b.bounds, '[]') AS bounds
FROM cdp.export_window AS w
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('log', l.log, 'lower', l.lower, 'upper', l.upper) ORDER BY l.log) AS bounds
    FROM cdp.export_log AS l
    WHERE l.window_id = w.window_id
) AS b ON TRUE
WHERE {which}
ORDER BY w.window_id DESC
LIMIT {how_many};
