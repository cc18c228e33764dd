-- Work: what was noticed, what somebody has to do, what playbooks did, and what happened when.

CREATE TABLE signal (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    rule TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    firing {int} NOT NULL,
    opened_at {instant} NOT NULL,
    closed_at {instant},
    as_of {day} NOT NULL,
    evidence {json} NOT NULL,
    UNIQUE (account_id, rule, firing)
){strict};
-- At most one is open for an account and a rule, whoever opens it.
CREATE UNIQUE INDEX signal_open ON signal(account_id, rule) WHERE closed_at IS NULL;

CREATE TABLE run (
    id {identity},
    playbook TEXT NOT NULL,
    account_id {long} NOT NULL REFERENCES account(id),
    signal_id {long} REFERENCES signal(id),
    arm TEXT NOT NULL,
    idempotency_key TEXT NOT NULL UNIQUE,
    plan {json} NOT NULL,
    status TEXT NOT NULL,
    created_at {instant} NOT NULL,
    finished_at {instant}
){strict};
CREATE INDEX run_account ON run(account_id);
CREATE INDEX run_playbook ON run(playbook);

CREATE TABLE step (
    id {identity},
    run_id {long} NOT NULL REFERENCES run(id),
    position {int} NOT NULL,
    action {json} NOT NULL,
    idempotency_key TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    result {json},
    finished_at {instant},
    UNIQUE (run_id, position)
){strict};
CREATE INDEX step_planned ON step(run_id, position) WHERE status = 'planned';

CREATE TABLE cta (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    title TEXT NOT NULL,
    detail TEXT,
    priority TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT,
    owner_id {long} REFERENCES member(id),
    due_on {day} NOT NULL,
    snoozed_until {day},
    signal_id {long} REFERENCES signal(id),
    run_id {long} REFERENCES run(id),
    dedupe_key TEXT NOT NULL UNIQUE,
    created_at {instant} NOT NULL,
    closed_at {instant}
){strict};
-- Playbooks open at most one for an account and a reason; people may open more.
CREATE UNIQUE INDEX cta_open ON cta(account_id, reason) WHERE status <> 'closed' AND run_id IS NOT NULL;
CREATE INDEX cta_account ON cta(account_id);
CREATE INDEX cta_owner ON cta(owner_id);
CREATE INDEX cta_due ON cta(status, due_on);
CREATE INDEX cta_signal ON cta(signal_id);

CREATE TABLE task (
    id {identity},
    cta_id {long} NOT NULL REFERENCES cta(id),
    account_id {long} NOT NULL REFERENCES account(id),
    title TEXT NOT NULL,
    position {int} NOT NULL,
    done_at {instant},
    done_by {long} REFERENCES member(id)
){strict};
CREATE INDEX task_cta ON task(cta_id);

CREATE TABLE change (
    id {identity},
    at {instant} NOT NULL,
    actor TEXT NOT NULL,
    account_id {long} REFERENCES account(id),
    kind TEXT NOT NULL,
    subject_id {long},
    detail {json} NOT NULL
){strict};
CREATE INDEX change_account ON change(account_id);
CREATE INDEX change_at ON change(at);

CREATE TABLE health_day (
    account_id {long} NOT NULL REFERENCES account(id),
    day {day} NOT NULL,
    score {real},
    low {real},
    high {real},
    coverage {real} NOT NULL,
    band TEXT NOT NULL,
    arr_cents {long} NOT NULL,
    computed_at {instant} NOT NULL,
    PRIMARY KEY (account_id, day)
){strict};
CREATE INDEX health_day_day ON health_day(day);

CREATE TABLE segment (
    id {identity},
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    expression TEXT NOT NULL,
    owner_id {long} REFERENCES member(id),
    created_at {instant} NOT NULL
){strict};

CREATE TABLE job (
    id {identity},
    kind TEXT NOT NULL,
    key TEXT,
    payload {json} NOT NULL,
    run_at {instant} NOT NULL,
    attempts {int} NOT NULL,
    lease_until {instant},
    fence {long} NOT NULL,
    last_error TEXT,
    done_at {instant}
){strict};
-- The same work waits once; when it is done it may be queued again.
CREATE UNIQUE INDEX job_key ON job(key) WHERE done_at IS NULL;
CREATE INDEX job_waiting ON job(run_at) WHERE done_at IS NULL;

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value {json} NOT NULL
){strict};
