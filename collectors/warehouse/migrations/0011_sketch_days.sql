-- Sketches of whole days apart from those of windows: a long stretch is read as days, and must not pass over the
-- twenty-four times as many bytes of the windows between them.
CREATE TABLE number_sketch_days AS FROM number_sketches WITH NO DATA;
CREATE TABLE text_sketch_days AS FROM text_sketches WITH NO DATA;

INSERT INTO number_sketch_days
FROM number_sketches WHERE dataset = 'production' AND window_end - window_start = INTERVAL 1 DAY;
DELETE FROM number_sketches WHERE dataset = 'production' AND window_end - window_start = INTERVAL 1 DAY;

INSERT INTO text_sketch_days
FROM text_sketches WHERE dataset = 'production' AND window_end - window_start = INTERVAL 1 DAY;
DELETE FROM text_sketches WHERE dataset = 'production' AND window_end - window_start = INTERVAL 1 DAY;
