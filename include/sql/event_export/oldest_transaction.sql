-- The oldest open transaction of this database that may still write rows, whose timestamps are from its start.
--
-- Grain     one row
-- In        -
-- Out       start, process; whether other users' transactions are hidden from this user
-- Re-run    reads only
WITH open AS (
    SELECT
        a.xact_start AS started,
        a.pid
    FROM pg_stat_activity AS a
    WHERE
        a.datname = current_database()
        AND a.backend_type IN ('client backend', 'background worker', 'logical replication worker')
        AND a.pid <> pg_backend_pid()
        AND a.xact_start IS NOT NULL
    UNION ALL
    SELECT
        p.prepared,
        NULL
    FROM pg_prepared_xacts AS p
    WHERE p.database = current_database()
)

SELECT
    min(o.started) AS started,
    (array_agg(o.pid ORDER BY o.started))[1] AS pid,
    (
        SELECT count(*)
        FROM pg_locks AS l
        INNER JOIN pg_stat_activity AS a ON l.pid = a.pid
        WHERE
            l.locktype = 'transactionid'
            AND l.mode = 'ExclusiveLock'
            AND a.datname = current_database()
            AND a.pid <> pg_backend_pid()
            AND a.xact_start IS NULL
            AND NOT pg_has_role(a.usesysid, 'USAGE')
            AND NOT pg_has_role('pg_read_all_stats', 'USAGE')
    ) AS hidden
FROM open AS o;
