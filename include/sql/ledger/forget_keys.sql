-- Choose the keys of a log that no later window needs, and see to it that none reaches back behind them.
--
-- Grain     one row per window whose keys are dropped by the caller
-- In        {feed}, {log}, {before}
-- Out       window_id
-- Re-run    returns nothing
WITH forgotten AS (
    UPDATE cdp.export_log AS l
    SET remembered = FALSE
    FROM cdp.export_window AS w
    WHERE
        l.window_id = w.window_id
        AND w.feed = {feed}
        AND l.log = {log}
        AND w.state = 'done'
        AND l.remembered
        AND l.remembered_until <= {before}
    RETURNING l.window_id, l.remembered_until
),

raised AS (
    UPDATE cdp.watermark AS m
    SET floor = greatest(m.floor, f.newest)
    FROM (SELECT max(remembered_until) AS newest FROM forgotten) AS f
    WHERE m.feed = {feed} AND m.log = {log} AND f.newest IS NOT NULL
)

SELECT window_id FROM forgotten;
