-- Work table of one run: the accepted lines of all its parts, typed.
--
-- Grain     one row per accepted line
-- In        {work}, {definitions}
-- Out       the parent table; each part loads into a child of its own, so parts load side by side
-- Re-run    fails if it exists; the caller creates it once, with the run
CREATE UNLOGGED TABLE {work} (
    row_no bigint NOT NULL,
    {definitions}
);
