-- A key that fits several recipients says nothing about which one is meant: neither is touched.
--
-- Grain     plan rows
-- In        {plan}
-- Out       outcome A
-- Re-run    no effect
UPDATE {plan}
SET outcome = 'A'
WHERE row_no IN (
    SELECT p.row_no
    FROM {plan} AS p
    GROUP BY p.row_no
    HAVING count(*) > 1
);
