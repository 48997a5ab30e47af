-- Mean grade of each version of one component, by criterion.
SELECT
    concat_ws(' · ',
        chain_version, component_version, 'prompt ' || prompt_version, 'index ' || index_version, model
    ) AS version,
    criterion,
    avg(score) AS mean
FROM grades
WHERE chain = $chain AND component = $component AND dataset = 'production' AND score IS NOT NULL
  AND judge NOT IN ('safety', 'evidently')
  AND span_started_at >= $start AND span_started_at < $end
GROUP BY version, criterion
