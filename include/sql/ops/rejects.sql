-- A page of a run's rejected lines in file order; values are masked already.
--
-- Grain     one row per rejected line
-- In        {where} condition on j, {how_many}
-- Out       columns of browse_records.RejectRow
-- Re-run    reads only
SELECT
    j.part_no,
    j.line_no,
    j.column_name,
    j.code,
    j.value,
    j.replayed_by,
    j.ctid::text AS tid
FROM cdp.reject AS j
WHERE {where}
ORDER BY j.part_no, coalesce(j.line_no, 9223372036854775807), j.ctid
LIMIT {how_many};
