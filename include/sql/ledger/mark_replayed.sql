-- The rejected lines that a replay has applied.
--
-- Grain     one row per rejected line that the replay holds and did not reject again
-- In        :run_id of the replay, :replay_of the run that rejected them
-- Out       row count = lines that are settled
-- Re-run    updates nothing
WITH settled AS (
    SELECT
        l.rejected_part_no,
        l.rejected_line_no
    FROM cdp.replay_line AS l
    LEFT JOIN cdp.reject AS again ON l.run_id = again.run_id AND l.line_no = again.line_no
    WHERE l.run_id = {run_id} AND again.run_id IS NULL
)

UPDATE cdp.reject AS r
SET replayed_by = {run_id}
FROM settled AS s
WHERE
    r.run_id = {replay_of}
    AND r.part_no = s.rejected_part_no
    AND r.line_no = s.rejected_line_no
    AND r.replayed_by IS NULL;
