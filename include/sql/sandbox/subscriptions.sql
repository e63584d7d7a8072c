-- Sample services, and the history of who subscribed to and unsubscribed from them.
--
-- Grain     one history row per number
-- In        {first}, {subscriptions}, {first_delivery}, {at}, {span_ms}, {seed}; recipients
-- Out       three services, once, one of them by SMS;
--           two thirds of the rows are subscriptions; every 10th row has recipient 0
-- Re-run    adds the history again
INSERT INTO NmsService (iServiceId, iFolderId, sName, sLabel, iType, iMode, iUnlimited, tsCreated, tsLastModified)
SELECT
    nextval('XtkNewId'),
    104,
    s.name,
    s.label,
    s.kind,
    0,
    1,
    {at},
    {at}
FROM (
    VALUES (1, 0, 'newsletter', 'Newsletter'), (2, 0, 'offers', 'Offers, weekly'), (3, 1, 'alerts', 'Alerts by SMS')
) AS s (place, kind, name, label)
WHERE s.name NOT IN (SELECT coalesce(known.sName, '') FROM NmsService AS known)
ORDER BY s.place;

WITH recipient AS (
    SELECT
        iRecipientId,
        row_number() OVER (ORDER BY iRecipientId) - 1 AS place
    FROM NmsRecipient
    WHERE iRecipientId <> 0
),

service AS (
    SELECT
        iServiceId,
        row_number() OVER (ORDER BY iServiceId) - 1 AS place
    FROM NmsService
    WHERE sName IN ('newsletter', 'offers', 'alerts')
),

log AS (
    SELECT
        i,
        hashint8extended(i, {seed} + 4) & 2147483647 AS h,
        (i % 3 <> 0)::integer AS joined
    FROM generate_series(0::bigint, {subscriptions} - 1) AS s (i)
)

INSERT INTO NmsSubHisto (iSubHistoId, iRecipientId, iServiceId, iDeliveryId, iAction, tsDate)
SELECT
    {first} + l.i,
    CASE WHEN l.i % 10 = 9 THEN 0 ELSE r.iRecipientId END,
    s.iServiceId,
    CASE WHEN l.joined = 0 AND l.h % 2 = 0 THEN {first_delivery} ELSE 0 END,
    l.joined,
    {at}::timestamptz - interval '1 ms' * (1 + l.h % {span_ms})
FROM log AS l
INNER JOIN recipient AS r ON l.i % (SELECT count(*) FROM recipient) = r.place
INNER JOIN service AS s ON l.h / 8 % 3 = s.place;
