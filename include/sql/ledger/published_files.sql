-- The oldest published files of finished windows that AEP has had time to take.
--
-- Grain     one row per file
-- In        {feed}, {after} interval since the file was published, {how_many}
-- Out       window_id and the columns of window_records.ExportFile
-- Re-run    reads only
SELECT
    f.window_id,
    f.partition_no,
    f.file_no,
    f.log,
    f.staged_key,
    f.key,
    f.size,
    f.etag,
    f.rows,
    f.sha256,
    f.state,
    f.published_at
FROM cdp.export_file AS f
INNER JOIN cdp.export_window AS w ON f.window_id = w.window_id
WHERE w.feed = {feed} AND w.state = 'done' AND f.state = 'published' AND f.updated_at <= now() - {after}
ORDER BY f.updated_at, f.window_id, f.partition_no, f.file_no
LIMIT {how_many};
