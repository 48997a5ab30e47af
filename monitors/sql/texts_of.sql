-- One text field of the spans named by $keys, which started in [$start, $end), and what these spans say of
-- themselves.
SELECT
    trace_id || '/' || span_id AS key,
    left(
        CASE
            WHEN $field = 'input_text' THEN input_text
            WHEN output_text IS NULL OR kind IN ('retriever', 'reranker')
                THEN coalesce(array_to_string(list_transform(documents, lambda d: d.text), E'\n'), output_text)
            ELSE output_text
        END,
        $max_characters
    ) AS text,
    length(
        CASE
            WHEN $field = 'input_text' THEN input_text
            WHEN output_text IS NULL OR kind IN ('retriever', 'reranker')
                THEN coalesce(array_to_string(list_transform(documents, lambda d: d.text), E'\n'), output_text)
            ELSE output_text
        END
    ) AS characters,
    source, provider, model, prompt_version, component_version, chain_version, index_version, user_id
FROM spans
WHERE started_at >= $start AND started_at < $end
    AND chain = $chain AND component = $component
    AND trace_id || '/' || span_id IN (SELECT unnest($keys::VARCHAR[]))
