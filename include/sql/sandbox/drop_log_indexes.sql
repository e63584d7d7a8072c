-- Drop the secondary indexes of the logs before many rows are added; indexes.sql makes them again.
--
-- Grain     -
-- In        -
-- Out       -
-- Re-run    no effect
DROP INDEX IF EXISTS
NmsBroadLogRcp_deliveryId, NmsBroadLogRcp_recipientId, NmsBroadLogRcp_event, NmsBroadLogRcp_lastModified,
NmsTrackingLogRcp_broadLogId, NmsTrackingLogRcp_deliveryId, NmsTrackingLogRcp_recipientId, NmsTrackingLogRcp_log;
