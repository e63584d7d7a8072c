-- Update data: recipients that differ, and only those, so tsLastModified moves on real change only.
--
-- Grain     one row per changed recipient
-- In        {plan}, {work}, {assignments}, {changed}
-- Out       row count = recipients updated; the difference is checked again on the row as it is now
-- Re-run    changes nothing
UPDATE nmsrecipient AS r
SET
    {assignments},
    tslastmodified = now()
FROM {plan} AS p
INNER JOIN {work} AS w ON p.row_no = w.row_no
WHERE p.outcome = 'C' AND r.irecipientid = p.recipient_id AND ({changed});
