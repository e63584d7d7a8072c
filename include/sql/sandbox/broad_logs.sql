-- Sample delivery logs of the deliveries of one simulation: who got what, and what became of it.
--
-- Grain     one log per delivery and targeted recipient; seed addresses have recipient 0
-- In        {first}, {first_delivery}, {deliveries}, {recipients}, {extra}, {at}, {span_ms}, {seed}; recipients
-- Out       rows: 91.5 % sent, 6 % failed, 2 % pending, 0.5 % ignored; ids are unique but not in order of time
-- Re-run    adds them again
WITH recipient AS (
    SELECT
        iRecipientId,
        lower(sEmail) AS address,
        row_number() OVER (ORDER BY iRecipientId) - 1 AS place
    FROM NmsRecipient
    WHERE iRecipientId <> 0
),

log AS (
    SELECT
        i,
        CASE
            WHEN i < {deliveries} * {recipients} THEN i / {recipients}
            ELSE {deliveries} + (i - {deliveries} * {recipients}) / {extra}
        END AS delivery,
        i % {recipients} AS nth,
        hashint8extended(i, {seed}) & 2147483647 AS h,
        hashint8extended(i, {seed} + 1) & 2147483647 AS g
    FROM generate_series(0::bigint, {deliveries} * {recipients} + 3 * {extra} - 1) AS s (i)
),

outcome AS (
    SELECT
        *,
        h % 400 = 0 AS is_seed,
        CASE
            WHEN h % 1000 < 915 THEN 1
            WHEN h % 1000 < 975 THEN 2
            WHEN h % 1000 < 995 THEN 6
            ELSE 0
        END AS status,
        {first_delivery} + delivery AS delivery_id
    FROM log
),

message AS (
    SELECT
        iBroadLogMsgId,
        row_number() OVER (ORDER BY iBroadLogMsgId) - 1 AS place,
        count(*) OVER () AS places
    FROM NmsBroadLogMsg
    WHERE sMd5 IS NOT NULL
)

INSERT INTO NmsBroadLogRcp (
    iBroadLogId, iDeliveryId, iRecipientId, iMsgId, iStatus, iFlags, sAddress, sSegmentCode, tsEvent, tsLastModified
)
SELECT
    {first} + o.i / 1024 * 1024 + o.i * 389 % 1024,
    o.delivery_id,
    CASE WHEN o.is_seed THEN 0 ELSE r.iRecipientId END,
    coalesce(m.iBroadLogMsgId, 0),
    o.status,
    o.is_seed::integer,
    CASE WHEN o.is_seed THEN 'seed.' || o.g % 5 || '@example.com' ELSE r.address END,
    CASE WHEN o.g % 3 = 0 THEN 'SEG' || o.g % 7 END,
    sent.sent_at,
    CASE WHEN o.status = 2 THEN sent.sent_at + interval '1 ms' * (o.h % ({span_ms} * 3 / 10)) ELSE sent.sent_at END
FROM outcome AS o
INNER JOIN NmsDelivery AS d ON o.delivery_id = d.iDeliveryId
INNER JOIN recipient AS r
    ON (o.delivery * 7919 + o.nth) % (SELECT count(*) FROM recipient) = r.place
LEFT JOIN message AS m ON o.status = 2 AND o.g % m.places = m.place
CROSS JOIN LATERAL (VALUES (d.tsContact + interval '1 ms' * (o.g % ({span_ms} / 20)))) AS sent (sent_at);
