-- List update: members that left.
--
-- Grain     one row per leaver
-- In        {leavers}, :group_id
-- Out       row count = members removed
-- Re-run    removes nothing
DELETE FROM nmsrcpgrprel AS g
USING {leavers} AS l
WHERE g.irecipientid = l.recipient_id AND g.igroupid = {group_id};
