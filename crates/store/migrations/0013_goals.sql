-- What the book is meant to reach, by when, and whose it is.

CREATE TABLE goal (
    id {identity},
    name TEXT NOT NULL,
    figure TEXT NOT NULL,
    base TEXT NOT NULL,
    period_months {int} NOT NULL,
    value {real} NOT NULL,
    baseline {real},
    starts_on {day} NOT NULL,
    due_on {day} NOT NULL,
    owner_id {long} NOT NULL REFERENCES member (id),
    whole_book {bool} NOT NULL,
    preset TEXT,
    created_at {instant} NOT NULL
){strict};

CREATE INDEX goal_by_owner ON goal (owner_id);
