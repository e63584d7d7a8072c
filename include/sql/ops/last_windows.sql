-- The newest export window of each feed that is no preview, and what was published last.
--
-- Grain     one row per feed that has any
-- In        {feeds}
-- Out       columns of overview_records.LastWork
-- Re-run    reads only
WITH wanted AS (
    SELECT f.feed
    FROM unnest({feeds}::text[]) AS f (feed)
)

SELECT
    f.feed,
    'window' AS kind,
    l.window_id AS id,
    l.dag_run_id,
    l.state,
    l.state <> 'done' AS is_open,
    l.updated_at AS at,
    p.rows,
    0 AS rejected,
    NULL AS error_code,
    l.reason AS error_message,
    extract(EPOCH FROM l.updated_at - l.opened_at)::float AS seconds,
    a.updated_at AS applied_at,
    a.upper AS applied_of,
    NULL::bigint AS applied_rows,
    NULL::bigint AS applied_rejected
FROM wanted AS f
INNER JOIN LATERAL (
    SELECT *
    FROM cdp.export_window AS w
    WHERE w.feed = f.feed AND NOT w.preview AND w.state IN ('planned', 'staged', 'publishing', 'published', 'done')
    ORDER BY w.opened_at DESC, w.window_id DESC
    LIMIT 1
) AS l ON TRUE
LEFT JOIN LATERAL (
    SELECT
        w.updated_at,
        (
            SELECT max(g.upper)
            FROM cdp.export_log AS g
            WHERE g.window_id = w.window_id
        ) AS upper
    FROM cdp.export_window AS w
    WHERE w.feed = f.feed AND NOT w.backfill AND w.state = 'done'
    ORDER BY w.opened_at DESC, w.window_id DESC
    LIMIT 1
) AS a ON TRUE
LEFT JOIN LATERAL (
    SELECT sum(g.rows)::bigint AS rows
    FROM cdp.export_log AS g
    WHERE g.window_id = l.window_id
) AS p ON TRUE;
