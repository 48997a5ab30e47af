-- What the spans of an evaluated window were, beside how many: a window whose spans were completed since has the
-- same number of them and another stamp. NULL in windows that were evaluated before there were stamps.
ALTER TABLE evaluated_windows ADD COLUMN stamp BIGINT;
