SELECT evidence FROM incidents WHERE incident_id = $incident_id
