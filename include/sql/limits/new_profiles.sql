-- Members that a plan brings to the list and that are no active profiles yet: messaging them makes them some.
--
-- Grain     one row
-- In        {plan}; :messages, the statement of that name
-- Out       count
-- Re-run    reads only
SELECT count(*) AS profiles
FROM {plan} AS p
WHERE
    p.is_member AND NOT p.was_member AND p.outcome IN ('N', 'C', 'U')
    AND NOT EXISTS (
        SELECT 1 FROM ({messages}) AS s
        WHERE s.recipient_id = p.recipient_id
    );
