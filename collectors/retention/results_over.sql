-- Condition: no alert that fires or belongs to an open incident rests on the result.
result_id NOT IN (
    SELECT result_id FROM alerts
    WHERE state = 'firing' OR incident_id IN (SELECT incident_id FROM incidents WHERE state <> 'resolved')
)
