-- What each feed exported day by day.
--
-- Lag is from the upper bound of the window to its end; lag and duration are the worst of the day. A backfill is late
-- on purpose, so it has no lag.
--
-- Grain     one row per feed and day (UTC) with a window that AEP may have seen
-- In        {feeds}, {since}
-- Out       columns of overview_records.FeedDay
-- Re-run    reads only
SELECT
    w.feed,
    w.opened_at::date AS day,
    count(*) AS works,
    coalesce(sum(p.rows), 0)::bigint AS rows,
    0 AS rejected,
    max(extract(EPOCH FROM w.updated_at - p.upper)) FILTER (WHERE w.state = 'done' AND NOT w.backfill)::float
        AS lag_seconds,
    max(extract(EPOCH FROM w.updated_at - w.opened_at)) FILTER (WHERE w.state = 'done')::float AS seconds
FROM cdp.export_window AS w
LEFT JOIN LATERAL (
    SELECT
        sum(g.rows)::bigint AS rows,
        max(g.upper) AS upper
    FROM cdp.export_log AS g
    WHERE g.window_id = w.window_id
) AS p ON TRUE
WHERE
    w.feed IN (SELECT unnest({feeds}::text[]))
    AND w.opened_at >= {since}
    AND NOT w.preview
    AND w.state IN ('publishing', 'published', 'done')
GROUP BY w.feed, day
ORDER BY w.feed, day;
