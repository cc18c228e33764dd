-- What a contract promises, exactly: the amount with its period instead of a rounded month, and what changes it on the way.
ALTER TABLE subscription_item RENAME COLUMN mrr_cents TO amount_cents;
ALTER TABLE subscription_item ADD COLUMN period_months {int} NOT NULL DEFAULT 1;
ALTER TABLE subscription_item ADD COLUMN charge TEXT NOT NULL DEFAULT 'recurring';
ALTER TABLE subscription_item ADD COLUMN discount_bp {int} NOT NULL DEFAULT 0;
ALTER TABLE subscription_item ADD COLUMN discount_until {day};

ALTER TABLE subscription ADD COLUMN signed_on {day};
ALTER TABLE subscription ADD COLUMN continues_id {long};
ALTER TABLE subscription ADD COLUMN paused_on {day};
ALTER TABLE subscription ADD COLUMN resumes_on {day};
