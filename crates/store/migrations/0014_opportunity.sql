-- More that an account may buy, and the case for it.
CREATE TABLE opportunity (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    kind TEXT NOT NULL,
    stage TEXT NOT NULL,
    title TEXT NOT NULL,
    problem TEXT,
    solution TEXT,
    timeline TEXT,
    amount_cents {long} NOT NULL,
    benefit_cents {long},
    cost_cents {long},
    currency TEXT NOT NULL,
    close_on {day} NOT NULL,
    owner_id {long} REFERENCES member(id),
    approved_by {long} REFERENCES member(id),
    loss_reason TEXT,
    closed_on {day},
    created_at {instant} NOT NULL,
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX opportunity_account ON opportunity(account_id);
