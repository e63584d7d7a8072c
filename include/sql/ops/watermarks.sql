-- How far each log of a feed is exported.
--
-- Grain     one row per log that ever was
-- In        {feed}
-- Out       columns of browse_records.WatermarkRow
-- Re-run    reads only
SELECT
    m.log,
    m.value,
    m.floor,
    m.window_id,
    m.updated_at
FROM cdp.watermark AS m
WHERE m.feed = {feed}
ORDER BY m.log;
