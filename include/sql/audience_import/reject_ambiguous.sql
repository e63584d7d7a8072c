-- Tell which recipients share a key, so that a person can merge them.
--
-- A replay also tells the line, so that the rejected line it stands for stays open: its n-th accepted line is its n-th
-- work row.
--
-- Grain     one reject per ambiguous work row
-- In        {plan}, :run_id, :column, {part_stride}
-- Out       rows in cdp.reject; the value is Campaign's recipient ids, no personal data
-- Re-run    the caller deletes the run's former rejects of this kind first
WITH accepted AS (
    SELECT
        l.line_no,
        row_number() OVER (ORDER BY l.line_no) - 1 AS place
    FROM cdp.replay_line AS l
    WHERE
        l.run_id = {run_id}
        AND NOT EXISTS (
            SELECT 1 FROM cdp.reject AS r
            WHERE r.run_id = {run_id} AND r.line_no = l.line_no
        )
)

INSERT INTO cdp.reject (run_id, part_no, line_no, column_name, code, value)
SELECT
    {run_id},
    p.row_no / {part_stride},
    (
        SELECT a.line_no FROM accepted AS a
        WHERE a.place = p.row_no % {part_stride}
    ),
    {column},
    'ambiguous_key',
    'recipients ' || string_agg(p.recipient_id::text, ', ' ORDER BY p.recipient_id)
FROM {plan} AS p
WHERE p.outcome = 'A'
GROUP BY p.row_no;
