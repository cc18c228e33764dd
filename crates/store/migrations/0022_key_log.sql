-- The identities of sealed events that wait on SQLite until many go into event_key together: one row per seal and day.
CREATE TABLE event_key_log (
    seq {identity},
    received_on {day} NOT NULL,
    keys {blob} NOT NULL
){strict};
