-- Time limits of this session that could break off a long statement or a wait for a lock.
--
-- Grain     one row per limit that the server knows
-- Out       name, ms (milliseconds, 0 is none)
-- Re-run    reads only
SELECT
    s.name,
    s.setting::bigint AS ms
FROM pg_settings AS s
WHERE
    s.name IN ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout')
ORDER BY s.name;
