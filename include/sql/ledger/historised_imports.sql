-- When objects of a page were historised: a file of the feed was moved to exactly that key, and is still that version.
--
-- Versions of before the ledger kept their ETag are told by their size.
--
-- Grain     one row per object that is ours
-- In        {feed}, {keys}, {sizes}, {etags} arrays of the same length
-- Out       key, historised_at
-- Re-run    reads only
SELECT
    a.key,
    max(f.historised_at) AS historised_at
FROM unnest({keys}::text[], {sizes}::bigint[], {etags}::text[]) AS a (key, size, etag)
INNER JOIN cdp.sync_file AS f ON a.key = f.historised_key AND a.size = f.size
WHERE f.feed = {feed} AND f.state = 'historised' AND coalesce(f.historised_etag, a.etag) = a.etag
GROUP BY a.key;
