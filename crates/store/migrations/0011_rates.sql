-- How much each source sent in each minute of the last day, how late it was, and after how long it is missed.

-- `lag_ms` adds up how long `timed` messages were under way, from their sender's clock to ours.
CREATE TABLE source_minute (
    source_id {long} NOT NULL REFERENCES source(id),
    minute {instant} NOT NULL,
    messages {long} NOT NULL,
    timed {long} NOT NULL,
    lag_ms {long} NOT NULL,
    PRIMARY KEY (source_id, minute)
){keyed};

-- Hours of silence after which a source is missed; 0 is never, and nothing is what is usual for its kind.
ALTER TABLE source ADD COLUMN silent_after_hours {int};
