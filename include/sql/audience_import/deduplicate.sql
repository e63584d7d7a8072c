-- Keep one row per reconciliation key: the latest qualification, then the last line.
--
-- Grain     one row per reconciliation key afterwards
-- In        {work}, {key}, {same_key}
-- Out       row count = lines that lost
-- Re-run    deletes nothing
WITH repeated AS MATERIALIZED (
    SELECT {key}
    FROM {work}
    GROUP BY {key}
    HAVING count(*) > 1
),

ranked AS (
    SELECT
        w.row_no,
        row_number() OVER (
            PARTITION BY {w_key} ORDER BY w.qualified_at DESC NULLS LAST, w.row_no DESC
        ) AS place
    FROM {work} AS w
    INNER JOIN repeated AS k ON {same_key}
)

DELETE FROM {work} AS w
USING ranked
WHERE w.row_no = ranked.row_no AND ranked.place > 1;
