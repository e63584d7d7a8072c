-- When objects of a page were historised: a published file of the feed was moved to exactly that key, and is still that
-- version.
--
-- Grain     one row per object that is ours
-- In        {feed}, {keys}, {sizes}, {etags} arrays of the same length
-- Out       key, historised_at
-- Re-run    reads only
SELECT
    a.key,
    max(f.historised_at) AS historised_at
FROM unnest({keys}::text[], {sizes}::bigint[], {etags}::text[]) AS a (key, size, etag)
INNER JOIN cdp.export_file AS f ON a.key = f.historised_key AND a.size = f.size AND a.etag = f.historised_etag
INNER JOIN cdp.export_window AS w ON f.window_id = w.window_id
WHERE w.feed = {feed} AND f.state = 'historised'
GROUP BY a.key;
