-- What earlier runs know of a page of objects.
--
-- A run that is open, abandoned or a preview settles nothing. The latest settled version of a key counts: content that
-- comes back after another version is new again. The manifest is that of the latest run of any state which had the key
-- in any version, so that a replaced part makes a new version of its set.
--
-- Grain     one row per key that any run of the feed has had
-- In        {feed}, {keys}, {sizes}, {etags} arrays of the same length, {settled} states
-- Out       key, state or NULL, manifest as JSON or NULL
-- Re-run    reads only
WITH asked AS (
    SELECT
        a.key,
        a.size,
        a.etag
    FROM unnest({keys}::text[], {sizes}::bigint[], {etags}::text[]) AS a (key, size, etag)
)

SELECT
    a.key,
    s.state,
    l.manifest
FROM asked AS a
INNER JOIN LATERAL (
    SELECT r.manifest
    FROM cdp.sync_file AS f
    INNER JOIN cdp.sync_run AS r ON f.run_id = r.run_id
    WHERE f.feed = {feed} AND f.key = a.key
    ORDER BY f.run_id DESC
    LIMIT 1
) AS l ON TRUE
LEFT JOIN LATERAL (
    SELECT
        f.size,
        f.etag,
        f.state
    FROM cdp.sync_file AS f
    WHERE f.feed = {feed} AND f.key = a.key AND f.state IN ({settled})
    ORDER BY f.run_id DESC
    LIMIT 1
) AS s ON a.size = s.size AND a.etag = s.etag;
