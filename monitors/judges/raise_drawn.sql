-- A later draw out of the same stratum and time, down to `cut`: what was drawn before had at least its chance.
UPDATE drawn_spans
SET probability = least(1.0, greatest(probability, CASE WHEN $cut::DOUBLE IS NULL THEN 1.0 ELSE weight * $cut::DOUBLE END))
WHERE purpose = $purpose AND drawn_for = $drawn_for
    AND span_started_at >= $start AND span_started_at < $end
    AND chain = $chain AND component = $component AND version = $version
    AND probability IS NOT NULL
