-- What the month ends looked like, and the models learned from them; both are computed from facts and can be lost.

CREATE TABLE lifetime_reading (
    day {day} PRIMARY KEY,
    definition TEXT NOT NULL,
    extent {json} NOT NULL,
    content {json} NOT NULL,
    computed_at {instant} NOT NULL
){strict};

CREATE TABLE lifetime_model (
    as_of {day} PRIMARY KEY,
    definition TEXT NOT NULL,
    content {json} NOT NULL,
    computed_at {instant} NOT NULL
){strict};
