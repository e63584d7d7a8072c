-- Part table: one part's share of the work table.
--
-- Grain     one row per accepted line of the part
-- In        {work}, {part}, {sequence}, {first_row}
-- Out       row_no counts up in line order, and all of part 1 comes before part 2
-- Re-run    fails if it exists; the caller creates it once, with the run
CREATE SEQUENCE {sequence} START WITH {first_row} CACHE 10000;
CREATE UNLOGGED TABLE {part} (
    row_no bigint NOT NULL DEFAULT nextval({sequence_name}::regclass)
) INHERITS ({work});
ALTER SEQUENCE {sequence} OWNED BY {part}.row_no;
