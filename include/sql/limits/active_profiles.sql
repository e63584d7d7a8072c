-- Active profiles: recipients with a message in the last 12 months, each counted once.
--
-- Grain     one row
-- In        :messages, the statement of that name
-- Out       count
-- Re-run    reads only
SELECT count(*) AS profiles
FROM (SELECT DISTINCT s.recipient_id FROM ({messages}) AS s) AS a;
