-- The newest run of each feed that is no preview, and what was applied last; replays of rejected lines are no news.
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
    'run' AS kind,
    l.run_id AS id,
    l.dag_run_id,
    l.state,
    l.state = 'open' AS is_open,
    l.updated_at AS at,
    l.rows,
    coalesce(l.rejected, p.rejected, 0) AS rejected,
    l.error_code,
    l.error_message,
    extract(EPOCH FROM l.updated_at - l.opened_at)::float AS seconds,
    a.updated_at AS applied_at,
    a.ordered_at AS applied_of,
    a.rows AS applied_rows,
    a.rejected AS applied_rejected
FROM wanted AS f
INNER JOIN LATERAL (
    SELECT *
    FROM cdp.sync_run AS r
    WHERE r.feed = f.feed AND NOT r.preview AND r.state IN ('open', 'applied', 'ended', 'quarantined')
    ORDER BY r.opened_at DESC, r.run_id DESC
    LIMIT 1
) AS l ON TRUE
LEFT JOIN LATERAL (
    SELECT *
    FROM cdp.sync_run AS r
    WHERE r.feed = f.feed AND r.replay_of IS NULL AND r.state IN ('applied', 'ended')
    ORDER BY r.opened_at DESC, r.run_id DESC
    LIMIT 1
) AS a ON TRUE
LEFT JOIN LATERAL (
    SELECT sum(s.rejected)::bigint AS rejected
    FROM cdp.sync_file AS s
    WHERE s.run_id = l.run_id
) AS p ON TRUE;
