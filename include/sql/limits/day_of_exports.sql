-- Export windows of the last day, of all feeds: published, and still under way.
--
-- Grain     one row
-- In        {day} how far back, {window_id} to leave out
-- Out       exports and batches (windows with events); previews and abandoned windows are neither
-- Re-run    reads only
SELECT
    count(*) FILTER (WHERE w.is_published) AS exports,
    count(*) FILTER (WHERE NOT w.is_published) AS exports_under_way,
    count(*) FILTER (WHERE w.is_published AND w.has_rows) AS batches,
    count(*) FILTER (WHERE NOT w.is_published AND w.has_rows) AS batches_under_way
FROM (
    SELECT
        e.state IN ('publishing', 'published', 'done') AS is_published,
        coalesce(c.events, 0) > 0 AS has_rows
    FROM cdp.export_window AS e
    LEFT JOIN (
        SELECT
            l.window_id,
            sum(l.rows) AS events
        FROM cdp.export_log AS l
        GROUP BY l.window_id
    ) AS c ON e.window_id = c.window_id
    WHERE
        e.opened_at > now() - {day}
        AND e.window_id <> {window_id}
        AND NOT e.preview
        AND e.state IN ('planned', 'staged', 'publishing', 'published', 'done')
) AS w;
