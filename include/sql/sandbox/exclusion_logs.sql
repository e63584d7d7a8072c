-- Sample exclusion logs: recipients that typology rules took out of a delivery before it was sent.
--
-- Grain     one log per number
-- In        {first}, {first_delivery}, {deliveries}, {exclusions}, {seed}; recipients
-- Out       rows; the extra deliveries have some too
-- Re-run    adds them again
WITH recipient AS (
    SELECT
        iRecipientId,
        lower(sEmail) AS address,
        row_number() OVER (ORDER BY iRecipientId DESC) - 1 AS place
    FROM NmsRecipient
    WHERE iRecipientId <> 0
),

message AS (
    SELECT
        iBroadLogMsgId,
        row_number() OVER (ORDER BY iBroadLogMsgId) - 1 AS place,
        count(*) OVER () AS places
    FROM NmsBroadLogMsg
    WHERE sMd5 IS NOT NULL
)

INSERT INTO NmsExcludeLogRcp (
    iBroadLogId, iDeliveryId, iRecipientId, iMsgId, iStatus, sAddress, tsEvent, tsLastModified
)
SELECT
    {first} + s.i,
    d.iDeliveryId,
    r.iRecipientId,
    m.iBroadLogMsgId,
    0,
    r.address,
    d.tsContact,
    d.tsContact AS modified
FROM generate_series(0::bigint, {exclusions} - 1) AS s (i)
INNER JOIN NmsDelivery AS d ON {first_delivery} + s.i % ({deliveries} + 3) = d.iDeliveryId
INNER JOIN recipient AS r ON s.i % (SELECT count(*) FROM recipient) = r.place
INNER JOIN message AS m ON (hashint8extended(s.i, {seed}) & 2147483647) % m.places = m.place;
