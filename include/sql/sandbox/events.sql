-- The events that Campaign's logs hold now, counted: the truth that exports are compared with.
--
-- Grain     one log and state
-- In        -
-- Out       log, state, events
-- Re-run    -
--
-- Written apart from the mappings on purpose, so that a mistake in them shows.
WITH delivery AS (
    SELECT
        iDeliveryId,
        iMessageType = 0 AS is_email
    FROM NmsDelivery
    WHERE iDeliveryId <> 0 AND iFCP = 0 AND iIsModel = 0 AND iDeleteStatus = 0
),

event AS (
    SELECT
        'delivery' AS log,
        CASE
            WHEN b.iStatus = 1 AND d.is_email THEN 'sent'
            WHEN b.iStatus = 1 THEN 'message_sent'
            WHEN b.iStatus = 2 AND m.iFailureReason = 8 THEN 'complaint'
            WHEN b.iStatus = 2 AND m.iFailureType = 2 AND d.is_email THEN 'hard_bounce'
            WHEN b.iStatus = 2 AND m.iFailureType = 1 AND d.is_email THEN 'soft_bounce'
            WHEN b.iStatus = 2 THEN 'failed'
        END AS state
    FROM NmsBroadLogRcp AS b
    INNER JOIN delivery AS d ON b.iDeliveryId = d.iDeliveryId
    INNER JOIN NmsBroadLogMsg AS m ON b.iMsgId = m.iBroadLogMsgId
    WHERE b.iBroadLogId <> 0 AND b.iRecipientId <> 0
    UNION ALL
    SELECT
        'tracking' AS log,
        CASE
            WHEN t.iUrlId = 1 AND d.is_email THEN 'open'
            WHEN u.iType = 1 AND d.is_email THEN 'click'
            WHEN u.iType = 3 AND d.is_email THEN 'opt_out'
            WHEN t.iUrlId = 1 THEN 'message_open'
            WHEN u.iType = 1 THEN 'message_click'
            WHEN u.iType = 3 THEN 'message_opt_out'
            WHEN u.iType = 6 THEN 'mirror_page'
        END AS state
    FROM NmsTrackingLogRcp AS t
    INNER JOIN delivery AS d ON t.iDeliveryId = d.iDeliveryId
    INNER JOIN NmsTrackingUrl AS u ON t.iUrlId = u.iTrackingUrlId
    WHERE t.iTrackingLogId <> 0 AND t.iRecipientId <> 0
    UNION ALL
    SELECT
        'exclusion' AS log,
        'excluded' AS state
    FROM NmsExcludeLogRcp AS e
    INNER JOIN delivery AS d ON e.iDeliveryId = d.iDeliveryId
    WHERE e.iBroadLogId <> 0 AND e.iRecipientId <> 0
    UNION ALL
    SELECT
        'subscription' AS log,
        CASE
            WHEN h.iAction = 1 THEN 'subscribed'
            WHEN s.iType = 0 THEN 'unsubscribed'
            ELSE 'message_unsubscribed'
        END AS state
    FROM NmsSubHisto AS h
    INNER JOIN NmsService AS s ON h.iServiceId = s.iServiceId
    WHERE h.iSubHistoId <> 0 AND h.iRecipientId <> 0
)

SELECT
    log,
    state,
    count(*) AS events
FROM event
WHERE state IS NOT NULL
GROUP BY log, state
ORDER BY log, state;
