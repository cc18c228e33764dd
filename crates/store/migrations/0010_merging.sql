-- Accounts that turned out to be one, what was moved for it, and which of several accounts a user belongs to.

-- A merge stands until it is undone. `final_id` is where a chain of merges ends.
CREATE TABLE account_merge (
    id {identity},
    account_id {long} NOT NULL REFERENCES account(id),
    survivor_id {long} NOT NULL REFERENCES account(id),
    final_id {long} NOT NULL REFERENCES account(id),
    actor TEXT NOT NULL,
    merged_at {instant} NOT NULL,
    undone_at {instant}
){strict};
CREATE UNIQUE INDEX account_merge_standing ON account_merge(account_id) WHERE undone_at IS NULL;
CREATE INDEX account_merge_survivor ON account_merge(survivor_id);

-- The rows a merge gave to its survivor.
CREATE TABLE moved_row (
    merge_id {long} NOT NULL REFERENCES account_merge(id),
    record_kind TEXT NOT NULL,
    record_id {long} NOT NULL,
    PRIMARY KEY (merge_id, record_kind, record_id)
){keyed};

-- The account a person has chosen for a user who belongs to several.
ALTER TABLE membership ADD COLUMN chosen {bool} NOT NULL DEFAULT FALSE;
