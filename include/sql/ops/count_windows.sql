-- How many windows a filter has, counted up to a bound: nobody pages through more.
--
-- Grain     one row
-- In        {where} condition on r, {at_most}
-- Out       total
-- Re-run    reads only
SELECT count(*) AS total
FROM (
    SELECT 1
    FROM cdp.export_window AS r
    WHERE {where}
    LIMIT {at_most}
) AS c;
