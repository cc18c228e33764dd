-- What one unit of a currency is worth in another from a day on. Rows are added and never changed: a correction is a
-- later row for the same day, and a row without a rate takes the day's rate back.
CREATE TABLE exchange_rate (
    id {identity},
    currency TEXT NOT NULL,
    into_currency TEXT NOT NULL,
    effective_on {day} NOT NULL,
    rate_nanos {long},
    source_id {long},
    member_id {long},
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX exchange_rate_pair ON exchange_rate(currency, into_currency, effective_on);
