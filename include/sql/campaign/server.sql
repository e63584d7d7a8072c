-- What kind of server answers, and what the user may do in the ledger's schema.
--
-- Grain     one row
-- In        -
-- Out       version, database, user; is_standby of a replica that takes no writes; may_create work tables; may_found
--           the schema where there is none yet
-- Re-run    reads only
SELECT
    current_setting('server_version') AS version,
    current_database() AS database,
    current_user AS user,
    pg_is_in_recovery() AS is_standby,
    coalesce(has_schema_privilege(to_regnamespace('cdp')::oid, 'CREATE'), FALSE) AS may_create,
    has_database_privilege(current_database(), 'CREATE') AS may_found;
