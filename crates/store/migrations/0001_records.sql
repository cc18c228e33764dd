-- People, accounts and facts. Words in braces become types of the database at hand: see src/migration.rs.
-- Every fact says when it was true and, in recorded_at, when it became known; record_version keeps what it said before.

CREATE TABLE member (
    id {identity},
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    title TEXT,
    manager_id {long} REFERENCES member(id),
    password_hash TEXT,
    active {bool} NOT NULL,
    created_at {instant} NOT NULL
){strict};

CREATE TABLE source (
    id {identity},
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    write_key_hash TEXT UNIQUE,
    write_key_prefix TEXT,
    enabled {bool} NOT NULL,
    created_at {instant} NOT NULL,
    last_message_at {instant},
    accepted {long} NOT NULL,
    refused {long} NOT NULL,
    unattributed {long} NOT NULL,
    last_error TEXT,
    last_error_at {instant}
){strict};

CREATE TABLE account (
    id {identity},
    external_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    domain TEXT,
    parent_id {long} REFERENCES account(id),
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    tier TEXT,
    industry TEXT,
    region TEXT,
    stage TEXT,
    currency TEXT NOT NULL,
    employees {long},
    customer_from {day},
    customer_to {day},
    traits {json} NOT NULL,
    source_id {long} REFERENCES source(id),
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX account_domain ON account(domain);

CREATE TABLE contact (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    external_id TEXT,
    name TEXT NOT NULL,
    email TEXT,
    title TEXT,
    effective_from {day} NOT NULL,
    effective_to {day},
    source_id {long} REFERENCES source(id),
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX contact_account ON contact(account_id);
CREATE INDEX contact_email ON contact(email);
CREATE UNIQUE INDEX contact_external ON contact(source_id, external_id);

CREATE TABLE contact_role (
    id {identity},
    contact_id {long} NOT NULL REFERENCES contact(id),
    account_id {long} NOT NULL REFERENCES account(id),
    role TEXT NOT NULL,
    effective_from {day} NOT NULL,
    effective_to {day},
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX contact_role_account ON contact_role(account_id);

CREATE TABLE stakeholder_edge (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    from_contact_id {long} NOT NULL REFERENCES contact(id),
    to_contact_id {long} NOT NULL REFERENCES contact(id),
    influence {short} NOT NULL,
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX stakeholder_edge_account ON stakeholder_edge(account_id);

CREATE TABLE assignment (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    member_id {long} NOT NULL REFERENCES member(id),
    role TEXT NOT NULL,
    effective_from {day} NOT NULL,
    effective_to {day},
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX assignment_account ON assignment(account_id);
CREATE INDEX assignment_member ON assignment(member_id, account_id);

CREATE TABLE entitlement (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    feature TEXT NOT NULL,
    effective_from {day} NOT NULL,
    effective_to {day},
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX entitlement_account ON entitlement(account_id);

CREATE TABLE subscription (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    external_id TEXT,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    period_months {int} NOT NULL,
    notice_days {int} NOT NULL,
    auto_renew {bool} NOT NULL,
    effective_from {day} NOT NULL,
    effective_to {day},
    cancelled_on {day},
    source_id {long} REFERENCES source(id),
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX subscription_account ON subscription(account_id);
CREATE UNIQUE INDEX subscription_external ON subscription(source_id, external_id);

CREATE TABLE subscription_item (
    id {identity},
    subscription_id {long} NOT NULL REFERENCES subscription(id),
    account_id {long} NOT NULL REFERENCES account(id),
    product TEXT NOT NULL,
    plan TEXT NOT NULL,
    unit TEXT NOT NULL,
    quantity {long} NOT NULL,
    mrr_cents {long} NOT NULL,
    currency TEXT NOT NULL,
    effective_from {day} NOT NULL,
    effective_to {day},
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX subscription_item_account ON subscription_item(account_id);
CREATE INDEX subscription_item_subscription ON subscription_item(subscription_id);

CREATE TABLE invoice (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    subscription_id {long} REFERENCES subscription(id),
    external_id TEXT,
    amount_cents {long} NOT NULL,
    currency TEXT NOT NULL,
    issued_on {day} NOT NULL,
    due_on {day} NOT NULL,
    paid_on {day},
    voided_on {day},
    source_id {long} REFERENCES source(id),
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX invoice_account ON invoice(account_id);
CREATE UNIQUE INDEX invoice_external ON invoice(source_id, external_id);

CREATE TABLE payment_attempt (
    id {identity},
    invoice_id {long} NOT NULL REFERENCES invoice(id),
    account_id {long} NOT NULL REFERENCES account(id),
    occurred_at {instant} NOT NULL,
    failed {bool} NOT NULL,
    reason TEXT,
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX payment_attempt_account ON payment_attempt(account_id);

CREATE TABLE ticket (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    contact_id {long} REFERENCES contact(id),
    external_id TEXT,
    subject TEXT NOT NULL,
    priority TEXT NOT NULL,
    opened_at {instant} NOT NULL,
    first_response_at {instant},
    resolved_at {instant},
    escalated_at {instant},
    csat {short},
    source_id {long} REFERENCES source(id),
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX ticket_account ON ticket(account_id);
CREATE UNIQUE INDEX ticket_external ON ticket(source_id, external_id);

CREATE TABLE touchpoint (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    contact_id {long} REFERENCES contact(id),
    member_id {long} REFERENCES member(id),
    kind TEXT NOT NULL,
    direction TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT,
    occurred_at {instant} NOT NULL,
    replied_at {instant},
    minutes {int},
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX touchpoint_account ON touchpoint(account_id, occurred_at);

CREATE TABLE survey_response (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    contact_id {long} REFERENCES contact(id),
    kind TEXT NOT NULL,
    score {short} NOT NULL,
    comment TEXT,
    occurred_at {instant} NOT NULL,
    source_id {long} REFERENCES source(id),
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX survey_response_account ON survey_response(account_id);

CREATE TABLE csm_sentiment (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    member_id {long} NOT NULL REFERENCES member(id),
    score {short} NOT NULL,
    note TEXT,
    occurred_at {instant} NOT NULL,
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX csm_sentiment_account ON csm_sentiment(account_id);

CREATE TABLE objective (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    unit TEXT,
    baseline {real},
    target {real},
    actual {real},
    effective_from {day} NOT NULL,
    due_on {day} NOT NULL,
    achieved_on {day},
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX objective_account ON objective(account_id);

CREATE TABLE milestone (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    title TEXT NOT NULL,
    weight {int} NOT NULL,
    due_on {day} NOT NULL,
    reached_on {day},
    recorded_at {instant} NOT NULL
){strict};
CREATE INDEX milestone_account ON milestone(account_id);

CREATE TABLE record_version (
    id {identity},
    record_kind TEXT NOT NULL,
    record_id {long} NOT NULL,
    account_id {long},
    recorded_at {instant} NOT NULL,
    superseded_at {instant} NOT NULL,
    body {json} NOT NULL
){strict};
CREATE INDEX record_version_record ON record_version(record_kind, record_id);
CREATE INDEX record_version_superseded ON record_version(record_kind, superseded_at);
