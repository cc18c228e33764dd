-- What is taken off a whole contract and when, and its pauses before the one that stands on it; an amount off a single item.
ALTER TABLE subscription ADD COLUMN discounts {json} NOT NULL DEFAULT '[]';
ALTER TABLE subscription ADD COLUMN earlier_pauses {json} NOT NULL DEFAULT '[]';
ALTER TABLE subscription_item ADD COLUMN discount_cents {long} NOT NULL DEFAULT 0;
