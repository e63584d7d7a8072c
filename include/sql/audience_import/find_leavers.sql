-- mirror: members of the list that the full file set no longer holds.
--
-- Grain     one row per member to remove
-- In        {leavers}, {plan}, :group_id
-- Out       recipients that an ambiguous key fits count as present, so they stay
-- Re-run    fails if it exists; the caller drops it first
CREATE UNLOGGED TABLE {leavers} AS
SELECT g.irecipientid AS recipient_id
FROM nmsrcpgrprel AS g
WHERE
    g.igroupid = {group_id}
    AND NOT EXISTS (
        SELECT 1 FROM {plan} AS p
        WHERE p.recipient_id = g.irecipientid AND p.is_member
    );
