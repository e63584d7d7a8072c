-- The rejected lines that a replay has applied.
--
-- Grain     one row per rejected line that the replay holds and did not reject again
-- In        :run_id of the replay, :replay_of the run that rejected them
-- Out       row count = lines that are settled
-- Re-run    updates nothing
UPDATE cdp.reject AS r
SET replayed_by = {run_id}
FROM cdp.replay_line AS l
WHERE
    l.run_id = {run_id}
    AND r.run_id = {replay_of}
    AND r.part_no = l.rejected_part_no
    AND r.line_no = l.rejected_line_no
    AND r.replayed_by IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM cdp.reject AS again
        WHERE again.run_id = {run_id} AND again.line_no = l.line_no
    );
