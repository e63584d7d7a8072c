-- Sample tracking logs of delivered messages: opens (URL id 1), clicks, opt-outs, mirror pages, visits.
--
-- Grain     one log per number
-- In        {first}, {tracking_logs}, {first_log}, {last_log} (delivery logs that may be tracked), {oldest}, {at},
--           {seed}; delivery logs and URLs
-- Out       rows that happened between {oldest} and {at}, most of them soon after the message was sent
-- Re-run    adds them again
WITH delivered AS (
    SELECT
        iBroadLogId,
        iDeliveryId,
        iRecipientId,
        greatest(tsEvent, {oldest}) AS since,
        row_number() OVER (ORDER BY iBroadLogId) - 1 AS place
    FROM NmsBroadLogRcp
    WHERE iBroadLogId BETWEEN {first_log} AND {last_log} AND iBroadLogId <> 0 AND iStatus = 1 AND tsEvent < {at}
),

url AS (
    SELECT
        iTrackingUrlId,
        iDeliveryId,
        row_number() OVER (PARTITION BY iDeliveryId ORDER BY iTrackingUrlId) AS place
    FROM NmsTrackingUrl
    WHERE iDeliveryId <> 0
),

log AS (
    SELECT
        i,
        hashint8extended(i, {seed} + 2) & 2147483647 AS h,
        hashint8extended(i, {seed} + 3) & 2147483647 AS g
    FROM generate_series(0::bigint, {tracking_logs} - 1) AS s (i)
),

action AS (
    SELECT
        i,
        h,
        g,
        CASE
            WHEN h % 100 < 60 THEN 0
            WHEN h % 100 < 88 THEN 1 + g % 3
            WHEN h % 100 < 92 THEN 4
            WHEN h % 100 < 98 THEN 5
            ELSE 6
        END AS place
    FROM log
)

INSERT INTO NmsTrackingLogRcp (iTrackingLogId, iBroadLogId, iDeliveryId, iRecipientId, iUrlId, iUserAgent, tsLog)
SELECT
    {first} + a.i / 1024 * 1024 + a.i * 389 % 1024,
    b.iBroadLogId,
    b.iDeliveryId,
    b.iRecipientId,
    CASE WHEN a.place = 0 THEN 1 ELSE u.iTrackingUrlId END,
    CASE WHEN a.g % 4 = 0 THEN 0 ELSE 1000 + a.g % 4 END,
    date_trunc('milliseconds', b.since + ({at}::timestamptz - b.since) * ((a.g % 10000) / 10000.0) ^ 3)
FROM action AS a
INNER JOIN delivered AS b ON (a.i * 7 + a.h % 7) % (SELECT count(*) FROM delivered) = b.place
LEFT JOIN url AS u ON b.iDeliveryId = u.iDeliveryId AND a.place = u.place;
