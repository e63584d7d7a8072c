-- remove_exited: members of the list that the file set names as exited.
--
-- Grain     one row per member to remove
-- In        {leavers}, {plan}
-- Out       recipients that an ambiguous key fits stay
-- Re-run    fails if it exists; the caller drops it first
CREATE UNLOGGED TABLE {leavers} AS
SELECT p.recipient_id
FROM {plan} AS p
WHERE p.was_member AND NOT p.is_member AND p.outcome <> 'A';
