-- The newest reading of each limit and scope.
--
-- Grain     one row per limit and scope
-- In        {names}, {scopes}
-- Out       columns of overview_records.LimitRow
-- Re-run    reads only
WITH wanted AS (
    SELECT
        n.limit_name,
        s.scope
    FROM unnest({names}::text[]) AS n (limit_name)
    CROSS JOIN unnest({scopes}::text[]) AS s (scope)
)

SELECT
    l.limit_name,
    l.scope,
    l.used,
    l.projected,
    l.contract,
    l.warn_pct,
    l.stop_pct,
    l.free,
    l.verdict,
    l.at
FROM wanted AS w
INNER JOIN LATERAL (
    SELECT *
    FROM cdp.limit_reading AS r
    WHERE r.limit_name = w.limit_name AND r.scope = w.scope
    ORDER BY r.at DESC, r.reading_id DESC
    LIMIT 1
) AS l ON TRUE
ORDER BY l.limit_name, l.scope;
