-- Drop the secondary indexes of NmsRecipient before many rows are added; indexes.sql makes them again.
--
-- Grain     -
-- In        -
-- Out       -
-- Re-run    no effect
DROP INDEX IF EXISTS NmsRecipient_account, NmsRecipient_email, NmsRecipient_folderId, NmsRecipient_lastModified;
