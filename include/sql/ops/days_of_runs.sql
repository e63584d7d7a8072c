-- What each feed imported day by day.
--
-- Lag is from the time of the file set to its end in Campaign; lag and duration are the worst of the day. A replay of
-- rejected lines is no news of the feed, so it is left out.
--
-- Grain     one row per feed and day (UTC) with a run that is settled
-- In        {feeds}, {since}
-- Out       columns of overview_records.FeedDay
-- Re-run    reads only
SELECT
    r.feed,
    r.opened_at::date AS day,
    count(*) AS works,
    coalesce(sum(r.rows), 0)::bigint AS rows,
    coalesce(sum(CASE WHEN r.state <> 'quarantined' THEN r.rejected ELSE (
        SELECT sum(s.rejected)
        FROM cdp.sync_file AS s
        WHERE s.run_id = r.run_id
    ) END), 0)::bigint AS rejected,
    max(extract(EPOCH FROM r.updated_at - r.ordered_at)) FILTER (WHERE r.state <> 'quarantined')::float AS lag_seconds,
    max(extract(EPOCH FROM r.updated_at - r.opened_at)) FILTER (WHERE r.state <> 'quarantined')::float AS seconds
FROM cdp.sync_run AS r
WHERE
    r.feed IN (SELECT unnest({feeds}::text[]))
    AND r.opened_at >= {since}
    AND NOT r.preview
    AND r.replay_of IS NULL
    AND r.state IN ('applied', 'ended', 'quarantined')
GROUP BY r.feed, day
ORDER BY r.feed, day;
