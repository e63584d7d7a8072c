-- Tell which recipients share a key, so that a person can merge them.
--
-- Grain     one reject per ambiguous work row
-- In        {plan}, :run_id, :column, {part_stride}
-- Out       rows in cdp.reject; the value is Campaign's recipient ids, no personal data
-- Re-run    the caller deletes the run's former rejects of this kind first
INSERT INTO cdp.reject (run_id, part_no, line_no, column_name, code, value)
SELECT
    {run_id},
    p.row_no / {part_stride},
    NULL,
    {column},
    'ambiguous_key',
    'recipients ' || string_agg(p.recipient_id::text, ', ' ORDER BY p.recipient_id)
FROM {plan} AS p
WHERE p.outcome = 'A'
GROUP BY p.row_no;
