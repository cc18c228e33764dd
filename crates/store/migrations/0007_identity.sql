-- Identity and provenance: what sources call our records, who said what about a field, what nobody mapped yet, and
-- whose accounts users are.

-- A source's own name for a record. Without a source the name holds for all of them, as after a merge.
CREATE TABLE identity (
    id {identity},
    record_kind TEXT NOT NULL,
    source_id {long} REFERENCES source(id),
    external_id TEXT NOT NULL,
    record_id {long} NOT NULL,
    recorded_at {instant} NOT NULL,
    UNIQUE (record_kind, source_id, external_id)
){strict};
CREATE UNIQUE INDEX identity_of_all ON identity(record_kind, external_id) WHERE source_id IS NULL;
CREATE INDEX identity_name ON identity(record_kind, external_id);
CREATE INDEX identity_record ON identity(record_kind, record_id);

-- Records as their sources sent them: those no rule knows, and the last few of every stream.
CREATE TABLE raw_record (
    id {identity},
    source_id {long} NOT NULL REFERENCES source(id),
    stream TEXT NOT NULL,
    external_id TEXT NOT NULL,
    mapped {bool} NOT NULL,
    body TEXT NOT NULL,
    received_at {instant} NOT NULL,
    UNIQUE (source_id, stream, external_id)
){strict};

-- Who said what a field says, where it was not the source that brought the record. A held field is a person's, and
-- no source changes it until it is released.
CREATE TABLE provenance (
    record_kind TEXT NOT NULL,
    record_id {long} NOT NULL,
    field TEXT NOT NULL,
    source_id {long} REFERENCES source(id),
    member_id {long} REFERENCES member(id),
    held {bool} NOT NULL,
    -- What a source says instead of a held value.
    offered {json},
    at {instant} NOT NULL,
    PRIMARY KEY (record_kind, record_id, field)
){keyed};

-- One import of a file. Its rows are the records recorded at its instant, which no other import shares.
CREATE TABLE import_run (
    id {identity},
    source_id {long} NOT NULL REFERENCES source(id),
    object TEXT NOT NULL,
    file_name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    member_id {long} REFERENCES member(id),
    status TEXT NOT NULL,
    recorded_at {instant} NOT NULL UNIQUE,
    rows_read {long} NOT NULL,
    report {json} NOT NULL,
    finished_at {instant},
    undone_at {instant}
){strict};
CREATE INDEX import_run_fingerprint ON import_run(fingerprint);

-- The accounts a user of events was grouped with. A user may belong to several.
CREATE TABLE membership (
    end_user_id {long} NOT NULL REFERENCES end_user(id) ON DELETE CASCADE,
    account_id {long} NOT NULL REFERENCES account(id),
    since {instant} NOT NULL,
    PRIMARY KEY (end_user_id, account_id)
){keyed};
CREATE INDEX membership_account ON membership(account_id);
INSERT INTO membership (end_user_id, account_id, since)
    SELECT id, account_id, first_seen_at FROM end_user WHERE account_id IS NOT NULL;
