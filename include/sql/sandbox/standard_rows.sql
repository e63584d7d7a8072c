-- Rows that every Campaign instance has: the zero-id row of each table, the built-in folders and the open marker.
--
-- Grain     -
-- In        the tables of schema.sql
-- Out       rows
-- Re-run    no effect
INSERT INTO XtkFolder (iFolderId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO XtkOption (iOptionId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsRecipient (iRecipientId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsGroup (iGroupId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsService (iServiceId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsSubHisto (iSubHistoId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsDelivery (iDeliveryId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsBroadLogMsg (iBroadLogMsgId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsBroadLogRcp (iBroadLogId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsExcludeLogRcp (iBroadLogId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsTrackingUrl (iTrackingUrlId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsUserAgent (iHashKey) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsTrackingLogRcp (iTrackingLogId) VALUES (0) ON CONFLICT DO NOTHING;
INSERT INTO NmsAddress (iAddressId) VALUES (0) ON CONFLICT DO NOTHING;

INSERT INTO XtkFolder (iFolderId, iParentId, sName, sFullName, sLabel, sModel, sEntity, tsCreated, tsLastModified)
SELECT
    v.*,
    '2024-01-01Z'::timestamptz,
    '2024-01-01Z'::timestamptz
FROM (
    VALUES
    (100, 0, 'xtkRoot', '/', 'Root', 'xtkRoot', NULL),
    (101, 100, 'nmsRootRecipient', '/Profiles/', 'Profiles', 'nmsFolder', 'nms:recipient'),
    (102, 100, 'nmsRootGroup', '/Lists/', 'Lists', 'nmsGroup', 'nms:group'),
    (103, 100, 'nmsRootDelivery', '/Deliveries/', 'Deliveries', 'nmsDelivery', 'nms:delivery'),
    (104, 100, 'nmsRootService', '/Services/', 'Services', 'nmsService', 'nms:service')
) AS v
ON CONFLICT DO NOTHING;

-- An open is a tracking log whose URL id is 1.
INSERT INTO NmsTrackingUrl (iTrackingUrlId, iType, sLabel, sCategory, sTagId)
VALUES (1, 2, 'Open', 'open', 'open') ON CONFLICT DO NOTHING;

INSERT INTO XtkOption (iOptionId, sName, iDataType, sStringValue, lLongValue)
VALUES
(100, 'XtkInstanceName', 6, 'sandbox', 0),
(101, 'WdbcTimeZone', 6, 'UTC', 0),
(102, 'WdbcUseTimeStampWithTZ', 3, NULL, 1),
(103, 'NmsCleanup_BroadLogPurgeDelay', 3, NULL, 15552000),
(104, 'NmsCleanup_TrackingLogPurgeDelay', 3, NULL, 15552000)
ON CONFLICT DO NOTHING;
