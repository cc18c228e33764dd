-- Attempts to collect an invoice.
select account_id, invoice_id, failed, occurred_at,
       ($end_us - cast(occurred_at as bigint)) / 86400000000 as age_days
from payment_attempt
where occurred_at < $end
