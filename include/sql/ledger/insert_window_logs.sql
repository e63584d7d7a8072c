-- Write down the bounds of a new window, one per log.
--
-- Its keys are needed as long as a later window may reach back to its rows; those of a backfill as long as those of the
-- run before it.
--
-- Grain     one row per log
-- In        {window_id}, {feed}, {logs}, {lowers}, {uppers} arrays of the same length
-- Out       rows in cdp.export_log
-- Re-run    refused by the primary key
INSERT INTO cdp.export_log (window_id, log, lower, upper, remembered_until)
SELECT
    {window_id},
    a.log,
    a.lower,
    a.upper,
    greatest(a.upper, m.value)
FROM unnest({logs}::text[], {lowers}::timestamptz[], {uppers}::timestamptz[]) AS a (log, lower, upper)
LEFT JOIN cdp.watermark AS m ON a.log = m.log AND m.feed = {feed};
