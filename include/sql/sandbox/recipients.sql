-- Sample recipients: person n of campaign_cdp.sandbox.people, computed here so that a million takes seconds.
--
-- Grain     one recipient per person number
-- In        {first}, {last}, {shift}, the lists of names and cities
-- Out       rows; every 97th e-mail is stored with capitals, as people type them
-- Re-run    adds them again
INSERT INTO NmsRecipient (
    iRecipientId, iFolderId, sAccount, sEmail, sFirstName, sLastName, tsBirth, sMobilePhone, sCity, sCountryCode,
    sText1, sText2, iGender, iStatus, iEmailFormat, sLanguage, sOrigin, iBlackListEmail, tsCreated, tsLastModified
)
SELECT
    nextval('XtkNewId'),
    101,
    'C' || lpad(p.n::text, 7, '0'),
    CASE WHEN p.n % 97 = 0 THEN initcap(p.email) ELSE p.email END,
    {first_names}[p.first_at],
    {last_names}[p.last_at],
    '1940-01-01'::date + p.birth_day,
    '+49151' || lpad(p.phone::text, 8, '0'),
    {cities}[p.city_at],
    {countries}[p.city_at],
    {tiers}[p.tier_at],
    {products}[p.product_at],
    1 + (p.n % 2),
    1,
    2,
    'en',
    'sandbox',
    (p.n % 50 = 0)::integer,
    '2025-01-01Z'::timestamptz + make_interval(secs => p.n),
    '2025-01-01Z'::timestamptz + make_interval(secs => p.n)
FROM (
    SELECT
        d.*,
        {first_ascii}[d.first_at] || '.' || {last_ascii}[d.last_at] || '.' || d.n || '@example.com' AS email
    FROM (
        SELECT
            m.n,
            1 + (m.a >> 16) % {first_count} AS first_at,
            1 + (m.b >> 16) % {last_count} AS last_at,
            ((m.c >> 16) % 25000)::integer AS birth_day,
            (m.a + m.b) % 100000000 AS phone,
            1 + (m.c >> 20) % {city_count} AS city_at,
            1 + (m.b >> 20) % {tier_count} AS tier_at,
            1 + (m.a >> 20) % {product_count} AS product_at
        FROM (
            SELECT
                n,
                ((n + {shift}) * 2654435761) % 4294967296 AS a,
                ((n + {shift}) * 2246822519) % 4294967296 AS b,
                ((n + {shift}) * 3266489917) % 4294967296 AS c
            FROM generate_series({first}::bigint, {last}::bigint) AS s (n)
        ) AS m
    ) AS d
) AS p;
