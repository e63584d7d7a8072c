-- Reconcile the work table with the recipients: what would happen to each row.
--
-- Grain     one row per work row and matching recipient
-- In        {plan}, {work}, {key_match}, {changed}, {new}, :group_id
-- Out       outcome: N new, C changed, U unchanged, X unmatched; who is and was in the list
-- Re-run    fails if it exists; the caller drops it first
CREATE UNLOGGED TABLE {plan} AS
SELECT
    w.row_no,
    r.irecipientid AS recipient_id,
    coalesce(w.membership_status, '') <> 'exited' AS is_member,
    g.irecipientid IS NOT NULL AS was_member,
    CASE
        WHEN r.irecipientid IS NULL AND {new} THEN 'N'
        WHEN r.irecipientid IS NULL THEN 'X'
        WHEN {changed} THEN 'C'
        ELSE 'U'
    END AS outcome
FROM {work} AS w
LEFT JOIN nmsrecipient AS r ON {key_match} AND r.irecipientid <> 0
LEFT JOIN nmsrcpgrprel AS g ON r.irecipientid = g.irecipientid AND g.igroupid = {group_id};
