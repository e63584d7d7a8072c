-- Windows whose keys of a log are remembered.
--
-- Grain     one row per window
-- In        {feed}, {log}
-- Out       window_id
-- Re-run    reads only
SELECT w.window_id
FROM cdp.export_window AS w
INNER JOIN cdp.export_log AS l ON w.window_id = l.window_id
WHERE
    w.feed = {feed}
    AND l.log = {log}
    AND l.remembered
    AND w.state NOT IN ('abandoned', 'previewed')
    AND w.window_id <> {window_id}
ORDER BY w.window_id;
