-- Access: who is logged in, with what. Intake: what arrived, from whom, and the events waiting to be sealed.

CREATE TABLE session (
    token_hash TEXT PRIMARY KEY,
    member_id {long} NOT NULL REFERENCES member(id),
    created_at {instant} NOT NULL,
    last_seen_at {instant} NOT NULL,
    expires_at {instant} NOT NULL,
    user_agent TEXT
){strict};
CREATE INDEX session_member ON session(member_id);

CREATE TABLE login_link (
    token_hash TEXT PRIMARY KEY,
    member_id {long} REFERENCES member(id),
    purpose TEXT NOT NULL,
    expires_at {instant} NOT NULL,
    used_at {instant},
    reusable {bool} NOT NULL
){strict};

CREATE TABLE token (
    id {identity},
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    scopes {json} NOT NULL,
    member_id {long} NOT NULL REFERENCES member(id),
    created_at {instant} NOT NULL,
    expires_at {instant},
    last_used_at {instant},
    revoked_at {instant}
){strict};

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    request_hash TEXT NOT NULL,
    status {int} NOT NULL,
    body TEXT NOT NULL,
    created_at {instant} NOT NULL
){strict};

CREATE TABLE refusal (
    id {identity},
    source_id {long} NOT NULL REFERENCES source(id),
    at {instant} NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    body TEXT NOT NULL
){strict};
CREATE INDEX refusal_source ON refusal(source_id);

CREATE TABLE end_user (
    id {identity},
    source_id {long} NOT NULL REFERENCES source(id),
    external_id TEXT NOT NULL,
    account_id {long} REFERENCES account(id),
    contact_id {long} REFERENCES contact(id),
    first_seen_at {instant} NOT NULL,
    last_seen_at {instant} NOT NULL,
    UNIQUE (source_id, external_id)
){strict};
CREATE INDEX end_user_account ON end_user(account_id);

-- The identities of accepted events, kept for a window so that a resent event is recognised.
CREATE TABLE event_key (
    key {blob} PRIMARY KEY,
    received_on {day} NOT NULL
){keyed};

-- Accepted events waiting to be sealed: one row per request.
CREATE TABLE inbox (
    seq {identity},
    source_id {long} NOT NULL REFERENCES source(id),
    events {int} NOT NULL,
    payload {blob} NOT NULL,
    received_at {instant} NOT NULL
){strict};
