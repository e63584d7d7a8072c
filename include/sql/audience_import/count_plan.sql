-- What the plan comes to.
--
-- Grain     one row
-- In        {plan}, {leavers}, :group_id
-- Out       counts as the report and the volume guard need them
-- Re-run    reads only
SELECT
    count(*) FILTER (WHERE p.outcome = 'N') AS inserted,
    count(*) FILTER (WHERE p.outcome = 'C') AS updated,
    count(*) FILTER (WHERE p.outcome = 'U') AS unchanged,
    count(*) FILTER (WHERE p.outcome = 'X') AS unmatched,
    count(DISTINCT p.row_no) FILTER (WHERE p.outcome = 'A') AS ambiguous,
    count(*) FILTER (
        WHERE {has_list} AND p.is_member AND NOT p.was_member AND p.outcome IN ('N', 'C', 'U')
    ) AS list_added,
    (SELECT count(*) FROM {leavers}) AS list_removed,
    (
        SELECT count(*) FROM nmsrcpgrprel AS g
        WHERE g.igroupid = {group_id}
    ) AS list_before,
    count(*) AS plan_rows
FROM {plan} AS p;
