-- How many lines of a run were rejected, by code.
--
-- Loading counted its own in each part, so that a million of them need not be counted again; those of the
-- reconciliation are few.
--
-- Grain     one row per code
-- In        {run_id}
-- Out       code, lines
-- Re-run    reads only
SELECT
    c.code,
    sum(c.lines)::bigint AS lines
FROM (
    SELECT
        p.key AS code,
        p.value::bigint AS lines
    FROM cdp.sync_file AS s
    CROSS JOIN LATERAL jsonb_each_text(s.reject_counts) AS p
    WHERE s.run_id = {run_id}
    UNION ALL
    SELECT
        j.code,
        count(*) AS lines
    FROM cdp.reject AS j
    WHERE j.run_id = {run_id} AND j.code = 'ambiguous_key'
    GROUP BY j.code
) AS c
GROUP BY c.code
ORDER BY lines DESC, c.code ASC;
