-- Sample delivery logs: number i went to recipient and delivery i, counted round.
--
-- Grain     one log per number
-- In        {broad_logs}; recipients and deliveries
-- Out       rows; every 25th was sent first and failed two hours later, so its tsLastModified moved
-- Re-run    adds them again; the caller looks first
WITH delivery AS (
    SELECT
        iDeliveryId,
        tsContact,
        row_number() OVER (ORDER BY iDeliveryId) - 1 AS place,
        count(*) OVER () AS places
    FROM NmsDelivery
    WHERE iDeliveryId <> 0
),

recipient AS (
    SELECT
        iRecipientId,
        lower(sEmail) AS address,
        row_number() OVER (ORDER BY iRecipientId) - 1 AS place,
        count(*) OVER () AS places
    FROM NmsRecipient
    WHERE iRecipientId <> 0
),

message AS (
    SELECT
        iBroadLogMsgId,
        row_number() OVER (ORDER BY iBroadLogMsgId) - 1 AS place
    FROM NmsBroadLogMsg
    WHERE iBroadLogMsgId <> 0
)

INSERT INTO NmsBroadLogRcp (
    iBroadLogId, iDeliveryId, iRecipientId, iMsgId, iStatus, sAddress, tsEvent, tsLastModified
)
SELECT
    nextval('NmsBroadLogId'),
    d.iDeliveryId,
    r.iRecipientId,
    coalesce(m.iBroadLogMsgId, 0),
    CASE WHEN s.i % 25 = 0 THEN 2 ELSE 1 END,
    r.address,
    d.tsContact + make_interval(secs => s.i % 3600),
    d.tsContact + make_interval(secs => s.i % 3600, hours => CASE WHEN s.i % 25 = 0 THEN 2 ELSE 0 END)
FROM generate_series(1, {broad_logs}) AS s (i)
INNER JOIN delivery AS d ON s.i % d.places = d.place
INNER JOIN recipient AS r ON s.i % r.places = r.place
LEFT JOIN message AS m ON s.i % 25 = 0 AND s.i / 25 % 3 = m.place
ORDER BY s.i;
