-- Rules, and the steps of the pipeline that a message went through.

ALTER TABLE results ADD COLUMN labels JSON;      -- what a rule adds to the labels of its alert
ALTER TABLE alert_state ADD COLUMN labels JSON;

ALTER TABLE notifications ADD COLUMN stopped_by VARCHAR;  -- the step that did not let it through
ALTER TABLE notifications ADD COLUMN decisions JSON;      -- [{step, reason, at}]: what each step said
ALTER TABLE notifications ADD COLUMN group_id VARCHAR;    -- the message that tells of many, in which it is told

UPDATE notifications SET stopped_by = 'silence' WHERE state = 'suppressed' AND reason LIKE 'silenced by %';
