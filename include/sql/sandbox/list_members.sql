-- Put a range of the sandbox's people into a list.
--
-- Grain     one member per recipient
-- In        {group_id}, {first} and {last} account
-- Out       rows
-- Re-run    no effect
INSERT INTO NmsRcpGrpRel (iRecipientId, iGroupId)
SELECT
    r.iRecipientId,
    {group_id}
FROM NmsRecipient AS r
WHERE r.sAccount BETWEEN {first} AND {last}
ORDER BY r.iRecipientId
ON CONFLICT DO NOTHING;
