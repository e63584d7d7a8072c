-- Indexes that a load of sample data creates last, because that is several times faster.
--
-- Grain     -
-- In        the tables of schema.sql
-- Out       indexes as in Campaign: reconciliation keys are not unique there
-- Re-run    no effect
CREATE INDEX IF NOT EXISTS NmsRecipient_account ON NmsRecipient (sAccount);
CREATE INDEX IF NOT EXISTS NmsRecipient_email ON NmsRecipient (lower(sEmail));
CREATE INDEX IF NOT EXISTS NmsRecipient_folderId ON NmsRecipient (iFolderId);
CREATE INDEX IF NOT EXISTS NmsRecipient_lastModified ON NmsRecipient (tsLastModified);
CREATE UNIQUE INDEX IF NOT EXISTS NmsRcpGrpRel_id ON NmsRcpGrpRel (iGroupId, iRecipientId);
CREATE INDEX IF NOT EXISTS NmsRcpGrpRel_recipientId ON NmsRcpGrpRel (iRecipientId);
CREATE INDEX IF NOT EXISTS NmsSubHisto_recipientId ON NmsSubHisto (iRecipientId);
CREATE INDEX IF NOT EXISTS NmsSubHisto_date ON NmsSubHisto (tsDate);
CREATE INDEX IF NOT EXISTS NmsBroadLogRcp_deliveryId ON NmsBroadLogRcp (iDeliveryId);
CREATE INDEX IF NOT EXISTS NmsBroadLogRcp_recipientId ON NmsBroadLogRcp (iRecipientId);
CREATE INDEX IF NOT EXISTS NmsBroadLogRcp_event ON NmsBroadLogRcp (tsEvent);
CREATE INDEX IF NOT EXISTS NmsBroadLogRcp_lastModified ON NmsBroadLogRcp (tsLastModified);
CREATE INDEX IF NOT EXISTS NmsExcludeLogRcp_deliveryId ON NmsExcludeLogRcp (iDeliveryId);
CREATE INDEX IF NOT EXISTS NmsExcludeLogRcp_recipientId ON NmsExcludeLogRcp (iRecipientId);
CREATE INDEX IF NOT EXISTS NmsExcludeLogRcp_lastModified ON NmsExcludeLogRcp (tsLastModified);
CREATE INDEX IF NOT EXISTS NmsTrackingUrl_deliveryId ON NmsTrackingUrl (iDeliveryId);
CREATE INDEX IF NOT EXISTS NmsTrackingLogRcp_broadLogId ON NmsTrackingLogRcp (iBroadLogId);
CREATE INDEX IF NOT EXISTS NmsTrackingLogRcp_deliveryId ON NmsTrackingLogRcp (iDeliveryId);
CREATE INDEX IF NOT EXISTS NmsTrackingLogRcp_recipientId ON NmsTrackingLogRcp (iRecipientId);
CREATE INDEX IF NOT EXISTS NmsTrackingLogRcp_log ON NmsTrackingLogRcp (tsLog);
CREATE INDEX IF NOT EXISTS NmsAddress_address ON NmsAddress (sAddress, iType);
