-- What people say of renewals; what is due, and what became of it, follows from contracts.
CREATE TABLE renewal (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    subscription_id {long} NOT NULL,
    due_on {day} NOT NULL,
    stage TEXT NOT NULL,
    category TEXT,
    forecast_cents {long},
    loss_reason TEXT,
    note TEXT,
    member_id {long},
    recorded_at {instant} NOT NULL,
    UNIQUE (subscription_id, due_on)
){strict};
CREATE INDEX renewal_account ON renewal(account_id);

-- What was forecast when a period closed. Written once and never changed.
CREATE TABLE renewal_forecast (
    id {identity},
    closed_on {day} NOT NULL,
    account_id {long} NOT NULL REFERENCES account(id),
    subscription_id {long} NOT NULL,
    due_on {day} NOT NULL,
    forecaster TEXT NOT NULL,
    category TEXT,
    currency TEXT NOT NULL,
    due_cents {long} NOT NULL,
    forecast_cents {long} NOT NULL,
    frozen_at {instant} NOT NULL,
    UNIQUE (closed_on, subscription_id, due_on, forecaster)
){strict};
CREATE INDEX renewal_forecast_account ON renewal_forecast(account_id);
