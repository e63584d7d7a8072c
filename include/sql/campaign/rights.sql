-- Which rights the user has on Campaign's tables and sequences.
--
-- Grain     one row per right that is asked for
-- In        {names} and {privileges}, arrays of one length
-- Out       name, privilege, is_there, is_granted; a right on some of a table's columns counts, on none it does not
-- Re-run    reads only
SELECT
    w.name,
    w.privilege,
    w.object IS NOT NULL AS is_there,
    coalesce(
        CASE w.privilege
            WHEN 'USAGE' THEN has_sequence_privilege(w.object, w.privilege)
            WHEN 'DELETE' THEN has_table_privilege(w.object, w.privilege)
            ELSE has_any_column_privilege(w.object, w.privilege)
        END,
        FALSE
    ) AS is_granted
FROM (
    SELECT
        u.name,
        u.privilege,
        to_regclass(u.name)::oid AS object
    FROM unnest({names}::text[], {privileges}::text[]) AS u (name, privilege)
) AS w;
