-- Sample tracking logs of delivered messages: two opens (URL id 1), then a click.
--
-- Grain     one log per number
-- In        {tracking_logs}; delivery logs and URLs
-- Out       rows
-- Re-run    adds them again; the caller looks first
WITH delivered AS (
    SELECT
        iBroadLogId,
        iDeliveryId,
        iRecipientId,
        tsEvent,
        row_number() OVER (ORDER BY iBroadLogId) - 1 AS place,
        count(*) OVER () AS places
    FROM NmsBroadLogRcp
    WHERE iBroadLogId <> 0 AND iStatus = 1
)

INSERT INTO NmsTrackingLogRcp (iTrackingLogId, iBroadLogId, iDeliveryId, iRecipientId, iUrlId, iUserAgent, tsLog)
SELECT
    nextval('NmsTrackingLogId'),
    b.iBroadLogId,
    b.iDeliveryId,
    b.iRecipientId,
    CASE WHEN s.i % 3 = 0 THEN coalesce(u.iTrackingUrlId, 1) ELSE 1 END,
    0,
    b.tsEvent + make_interval(mins => (5 + s.i % 600)::integer)
FROM generate_series(1, {tracking_logs}) AS s (i)
INNER JOIN delivered AS b ON s.i % b.places = b.place
LEFT JOIN NmsTrackingUrl AS u ON b.iDeliveryId = u.iDeliveryId AND u.iType = 1
ORDER BY s.i;
