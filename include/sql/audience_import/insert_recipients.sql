-- Update data: new recipients, and their place in the list.
--
-- Grain     one row per new recipient, in key order
-- In        {plan}, {work}, {columns}, {values}, {key_match}, :folder_id, {sequence_name}, :group_id
-- Out       inserted, list_added; a recipient that appeared since the plan was made is not inserted again
-- Re-run    inserts nothing, the key exists
WITH added AS (
    INSERT INTO nmsrecipient (irecipientid, ifolderid, tscreated, tslastmodified, {columns})
    SELECT
        nextval({sequence_name}::regclass),
        {folder_id},
        now(),
        now(),
        {values}
    FROM {plan} AS p
    INNER JOIN {work} AS w ON p.row_no = w.row_no
    WHERE
        p.outcome = 'N'
        AND NOT EXISTS (
            SELECT 1 FROM nmsrecipient AS r
            WHERE {key_match} AND r.irecipientid <> 0
        )
    ORDER BY {w_key}
    RETURNING irecipientid
),

listed AS (
    INSERT INTO nmsrcpgrprel (irecipientid, igroupid)
    SELECT
        added.irecipientid,
        {group_id}
    FROM added
    WHERE {has_list}
    RETURNING irecipientid
)

SELECT
    (SELECT count(*) FROM added) AS inserted,
    (SELECT count(*) FROM listed) AS list_added;
