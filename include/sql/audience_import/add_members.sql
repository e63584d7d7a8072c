-- List update: known recipients that are in the audience and not yet in the list.
--
-- Grain     one row per new member, in recipient order, which keeps the index inserts local
-- In        {plan}, :group_id
-- Out       row count = members added
-- Re-run    adds nothing
INSERT INTO nmsrcpgrprel (irecipientid, igroupid)
SELECT
    p.recipient_id,
    {group_id}
FROM {plan} AS p
WHERE
    p.is_member AND NOT p.was_member AND p.outcome IN ('C', 'U')
    AND EXISTS (
        SELECT 1 FROM nmsrecipient AS r
        WHERE r.irecipientid = p.recipient_id
    )
    AND NOT EXISTS (
        SELECT 1 FROM nmsrcpgrprel AS g
        WHERE g.irecipientid = p.recipient_id AND g.igroupid = {group_id}
    )
ORDER BY p.recipient_id;
