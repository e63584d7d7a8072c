-- Move the watermarks of a window's logs to its upper bounds, never back.
--
-- Grain     one row per log
-- In        {window_id}
-- Out       rows in cdp.watermark; a log's first window sets the floor, its lower bound
-- Re-run    no effect
INSERT INTO cdp.watermark AS m (feed, log, value, floor, window_id)
SELECT
    w.feed,
    l.log,
    l.upper,
    l.lower,
    w.window_id
FROM cdp.export_window AS w
INNER JOIN cdp.export_log AS l ON w.window_id = l.window_id
WHERE w.window_id = {window_id} AND NOT w.backfill AND NOT w.preview
ON CONFLICT (feed, log) DO UPDATE
    SET value = excluded.value, window_id = excluded.window_id, updated_at = now()
    WHERE m.value < excluded.value;
