-- Write events as lines.
--
-- Grain     one line per row number of the keys
-- In        {row} columns, or one line of JSON; {keys}, {log}, {log_id}, {joins}, {rows} of the partition, {format}
-- Out       lines without header
-- Re-run    reads only
COPY (
    SELECT {row}
    FROM {keys} AS k
    INNER JOIN {log} AS b ON k.log_id = {log_id}
    {joins}
    WHERE {rows}
) TO STDOUT ({format});
