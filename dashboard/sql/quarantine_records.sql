SELECT
    file, line, source, reason, left(raw, 400) AS raw, length(raw) > 400 AS is_cut, quarantined_at
FROM quarantine
WHERE ($format IS NULL OR source = $format)
  AND ($reason_id IS NULL OR left(md5(source || '/' || reason), 8) = $reason_id)
ORDER BY quarantined_at DESC, file, line
LIMIT $limit
