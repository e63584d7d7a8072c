-- add: nobody is ever removed.
--
-- Grain     one row per member to remove
-- In        {leavers}
-- Out       an empty table
-- Re-run    fails if it exists; the caller drops it first
CREATE UNLOGGED TABLE {leavers} (recipient_id integer NOT NULL);
