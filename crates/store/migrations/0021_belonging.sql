-- Whether a user, under any name of theirs, was grouped with several accounts: then it matters when something happened.
ALTER TABLE end_user ADD COLUMN in_several {bool} NOT NULL DEFAULT FALSE;
UPDATE end_user SET in_several = (
    SELECT count(DISTINCT COALESCE(g.final_id, m.account_id)) > 1
    FROM end_user n JOIN membership m ON m.end_user_id = n.id
        LEFT JOIN account_merge g ON g.account_id = m.account_id AND g.undone_at IS NULL
    WHERE n.id = end_user.id OR n.person_id = end_user.person_id);
CREATE INDEX end_user_in_several ON end_user(id) WHERE in_several;
