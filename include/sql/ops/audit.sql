-- Who did what to a run or window, newest first.
--
-- Grain     one row per action
-- In        {subjects}, {id_name}, {id_value}, {dag_run_id}, {how_many}
-- Out       columns of browse_records.AuditRow
-- Re-run    reads only
SELECT
    a.at,
    a.actor,
    a.action,
    a.subject,
    a.detail
FROM cdp.audit AS a
WHERE
    a.subject IN (SELECT unnest({subjects}::text[]))
    AND (a.detail ->> {id_name} = {id_value} OR a.detail ->> 'dag_run_id' = {dag_run_id})
ORDER BY a.at DESC, a.audit_id DESC
LIMIT {how_many};
