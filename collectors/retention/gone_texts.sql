-- How the texts of the traces in `gone` begin: a quote is recognised by it where it does not name its trace.
-- 400 characters are what the shortest quotes keep.
CREATE OR REPLACE TEMP TABLE gone_texts AS
SELECT DISTINCT left(said, 400) AS text
FROM (
    SELECT unnest([
        input_text, output_text, array_to_string(list_transform(documents, lambda d: d.text), E'\n')
    ]) AS said
    FROM spans
    WHERE trace_id IN (SELECT trace_id FROM gone)
)
WHERE said IS NOT NULL AND said <> ''
