-- The trend of each limit and scope, the most of each day.
--
-- Grain     one row per limit, scope and day (UTC)
-- In        {names}, {scopes}, {since}
-- Out       columns of overview_records.LimitDay
-- Re-run    reads only
SELECT
    l.limit_name,
    l.scope,
    l.at::date AS day,
    max(l.used) AS used
FROM cdp.limit_reading AS l
WHERE
    l.scope IN (SELECT unnest({scopes}::text[]))
    AND l.limit_name IN (SELECT unnest({names}::text[]))
    AND l.at >= {since}
GROUP BY l.limit_name, l.scope, l.at::date
ORDER BY l.limit_name, l.scope, day;
