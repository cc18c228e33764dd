-- Invoices that are past their due day and not paid at the end of the day. value_cents is in the currency the book is read
-- in, at the rate of the month, and null where there is none; amount_cents is what was billed, in currency.
select account_id, invoice_id, amount_cents, currency, value_cents
from overdue_invoice
where effective_from <= $day and (effective_to is null or effective_to > $day)
