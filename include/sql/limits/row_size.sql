-- How large a table is with its indexes, and how many rows it has, by the statistics.
--
-- Grain     one row; none if there is no such table
-- In        {table} name
-- Out       row_count, -1 before the first ANALYZE; total_bytes
-- Re-run    reads only
SELECT
    c.reltuples::bigint AS row_count,
    pg_total_relation_size(c.oid) AS total_bytes
FROM pg_class AS c
WHERE c.oid = to_regclass({table});
