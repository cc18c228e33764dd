-- Names that a source says are one person, and the account of a person's mail domain.

-- Whoever has several names has one number under which their events are counted: the least of theirs.
ALTER TABLE end_user ADD COLUMN person_id {long};
CREATE INDEX end_user_person ON end_user(person_id) WHERE person_id IS NOT NULL;

-- What a mail domain said, kept apart so that it still counts when other evidence is taken back.
ALTER TABLE end_user ADD COLUMN likely_account_id {long} REFERENCES account(id);
UPDATE end_user SET likely_account_id = account_id
    WHERE NOT EXISTS (SELECT 1 FROM membership m WHERE m.end_user_id = end_user.id);

-- What was said, once for each pair. It stands until it is undone, and repeating it does not bring it back.
CREATE TABLE user_alias (
    id {identity},
    source_id {long} NOT NULL REFERENCES source(id),
    previous_id {long} NOT NULL REFERENCES end_user(id) ON DELETE CASCADE,
    user_id {long} NOT NULL REFERENCES end_user(id) ON DELETE CASCADE,
    told_at {instant} NOT NULL,
    undone_at {instant},
    undone_by TEXT,
    UNIQUE (previous_id, user_id)
){strict};
CREATE INDEX user_alias_user ON user_alias(user_id);
CREATE INDEX user_alias_source ON user_alias(source_id);
