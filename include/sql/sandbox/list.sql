-- A static group (type 0) of the sandbox.
--
-- Grain     one group
-- In        {name}, {label}
-- Out       its id
-- Re-run    keeps the group
INSERT INTO NmsGroup (iGroupId, iFolderId, sName, sLabel, iType, sSchema, tsCreated, tsLastModified)
VALUES (nextval('XtkNewId'), 102, {name}, {label}, 0, 'nms:recipient', now(), now())
ON CONFLICT (sName) DO UPDATE SET sLabel = excluded.sLabel
RETURNING iGroupId;
