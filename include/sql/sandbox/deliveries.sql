-- Sample deliveries with their links, and what all deliveries share: bounce messages and user agents.
--
-- Grain     one delivery per number
-- In        {first}, {deliveries}, {at}, {span_ms}
-- Out       rows; every fourth delivery is an SMS;
--           the last three deliveries are a proof, a model and a deleted one, which exports have to leave out
-- Re-run    adds deliveries again; messages and user agents are there once
WITH delivery AS (
    SELECT
        d,
        date_trunc(
            'second',
            {at}::timestamptz - interval '1 ms' * ({span_ms} - 0.6 * {span_ms} * d / ({deliveries} + 3))
        ) AS contact
    FROM generate_series(0, {deliveries} + 2) AS s (d)
)

INSERT INTO NmsDelivery (
    iDeliveryId, iFolderId, sInternalName, sLabel, sDeliveryCode, iMessageType, iState, iDeliveryMode, iFCP, iIsModel,
    iDeleteStatus, tsContact, tsCreated, tsLastModified
)
SELECT
    {first} + s.d,
    103,
    'DM' || {first} + s.d,
    CASE s.d - {deliveries}
        WHEN 0 THEN 'Proof of newsletter 1'
        WHEN 1 THEN 'Newsletter, model'
        WHEN 2 THEN 'Newsletter, "spring" edition; withdrawn'
        ELSE 'Newsletter ' || s.d + 1 || ', "spring" edition'
    END,
    'NL-' || lpad((s.d + 1)::text, 4, '0'),
    (s.d % 4 = 3 AND s.d < {deliveries})::integer,
    CASE WHEN s.d = {deliveries} + 2 THEN 100 ELSE 95 END,
    1,
    (s.d = {deliveries})::integer,
    (s.d = {deliveries} + 1)::integer,
    (s.d = {deliveries} + 2)::integer,
    s.contact,
    s.contact - interval '1 hour' AS created,
    s.contact AS modified
FROM delivery AS s;

-- The open is no link of a delivery: it is URL 1 for all of them.
INSERT INTO NmsTrackingUrl (iTrackingUrlId, iDeliveryId, iType, sLabel, sCategory, sSource, sTagId)
SELECT
    nextval('XtkNewId'),
    d.iDeliveryId,
    u.kind,
    u.label,
    u.category,
    'https://shop.example.com/' || u.path || '?utm_campaign=' || d.sInternalName || '&lang=de,fr',
    u.path || '-' || d.sInternalName
FROM NmsDelivery AS d
CROSS JOIN (
    VALUES
    (1, 1, 'To the shop', 'shop', 'shop'),
    (2, 1, 'Offer of the week, "50 % off"', 'offer', 'offer'),
    (3, 1, 'Angebote für Dich', NULL, 'angebote'),
    (4, 3, 'Unsubscribe', 'optout', 'optout'),
    (5, 6, 'Mirror page', 'mirror', 'mirror'),
    (6, 4, 'Visit', 'web', 'visit')
) AS u (place, kind, label, category, path)
WHERE d.iDeliveryId BETWEEN {first} AND {first} + {deliveries} + 2
ORDER BY d.iDeliveryId, u.place;

INSERT INTO NmsBroadLogMsg (
    iBroadLogMsgId, iFailureType, iFailureReason, sText, sFirstText, sMd5, tsCreated, tsLastModified
)
SELECT
    nextval('XtkNewId'),
    m.failure_type,
    m.reason,
    m.words,
    m.words AS first_words,
    md5(m.words),
    {at},
    {at}
FROM (
    VALUES
    (1, 2, 1, '550 5.1.1 unknown user'),
    (2, 2, 2, '550 5.1.2 invalid domain'),
    (3, 1, 5, '452 4.2.2 mailbox full, "try later"'),
    (4, 1, 3, '421 4.4.1 unreachable'),
    (5, 2, 8, 'Complaint in a feedback loop'),
    (6, 0, 0, 'Unknown answer of the provider')
) AS m (place, failure_type, reason, words)
WHERE md5(m.words) NOT IN (SELECT coalesce(known.sMd5, '') FROM NmsBroadLogMsg AS known)
ORDER BY m.place;

INSERT INTO NmsUserAgent (iHashKey, sBrowserName, sBrowserVersion, sDevice, sOsName, sOsFamilly)
VALUES
(1001, 'Mobile Safari', '17', 'iPhone', 'iOS 17', 'iOS'),
(1002, 'Outlook', '16', 'PC', 'Windows 11', 'Windows'),
(1003, 'Chrome', '120', 'PC', 'Linux', 'Linux')
ON CONFLICT DO NOTHING;
