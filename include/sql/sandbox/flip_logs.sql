-- Sent messages that bounce later: their delivery logs change from sent to failed.
--
-- Grain     one delivery log
-- In        {rows}, {at}, {seed}
-- Out       rows with status 2, a message and a later tsLastModified
-- Re-run    takes further logs
WITH chosen AS (
    SELECT
        iBroadLogId,
        row_number() OVER (ORDER BY hashint8extended(iBroadLogId, {seed}), iBroadLogId) AS place
    FROM NmsBroadLogRcp
    WHERE iStatus = 1 AND iBroadLogId <> 0
    ORDER BY 2
    LIMIT {rows}
),

message AS (
    SELECT
        iBroadLogMsgId,
        row_number() OVER (ORDER BY iBroadLogMsgId) - 1 AS place,
        count(*) OVER () AS places
    FROM NmsBroadLogMsg
    WHERE sMd5 IS NOT NULL
)

UPDATE NmsBroadLogRcp AS b
SET
    iStatus = 2,
    iMsgId = m.iBroadLogMsgId,
    tsLastModified = {at}
FROM chosen AS c
INNER JOIN message AS m ON c.place % m.places = m.place
WHERE b.iBroadLogId = c.iBroadLogId;
