-- Sample deliveries with one click URL each, and the messages that failures point to.
--
-- Grain     one delivery per number
-- In        {deliveries}
-- Out       rows; every 20th is a proof, which exports have to leave out
-- Re-run    adds them again; the caller looks first
WITH delivery AS (
    INSERT INTO NmsDelivery (
        iDeliveryId, iFolderId, sInternalName, sLabel, sDeliveryCode, iMessageType, iState, iDeliveryMode, iFCP,
        tsContact, tsCreated, tsLastModified
    )
    SELECT
        nextval('XtkNewId'),
        103,
        'DM' || d,
        'Newsletter ' || d,
        'NL-' || lpad(d::text, 4, '0'),
        0,
        95,
        1,
        (d % 20 = 0)::integer,
        '2025-06-01Z'::timestamptz + make_interval(hours => d),
        '2025-06-01Z'::timestamptz + make_interval(hours => d),
        '2025-06-01Z'::timestamptz + make_interval(hours => d)
    FROM generate_series(1, {deliveries}) AS s (d)
    RETURNING iDeliveryId, sInternalName, sLabel
),

message AS (
    INSERT INTO NmsBroadLogMsg (iBroadLogMsgId, iFailureType, iFailureReason, sText, tsCreated, tsLastModified)
    SELECT
        nextval('XtkNewId'),
        m.failure_type,
        m.reason,
        m.words,
        '2025-06-01Z'::timestamptz,
        '2025-06-01Z'::timestamptz
    FROM (
        VALUES (2, 1, '550 5.1.1 unknown user'), (1, 5, '452 4.2.2 mailbox full'), (1, 3, '421 4.4.1 unreachable')
    ) AS m (failure_type, reason, words)
)

INSERT INTO NmsTrackingUrl (iTrackingUrlId, iDeliveryId, iType, sLabel, sCategory, sSource, sTagId)
SELECT
    nextval('XtkNewId'),
    d.iDeliveryId,
    1,
    'To the shop from ' || d.sLabel,
    'shop',
    'https://shop.example.com/?utm_campaign=' || d.sInternalName,
    'shop-' || d.sInternalName
FROM delivery AS d;
