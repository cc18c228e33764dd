-- Spans of recurring revenue as the ledger derives them from contracts: discounts taken off, pauses and cancellations
-- observed, one-off sales and free usage left out. arr_cents is in the currency the book is read in: a line in another one
-- is a row for each rate that holds, without an amount where there is none; sold_arr_cents is what was sold, in currency. A line was in force k days ago where starts_age >= k and it had not
-- ended: ends_age null or < k.
select account_id, subscription_id, product, plan, unit, quantity, arr_cents, sold_arr_cents, currency,
       $day_number - cast(effective_from as int) as starts_age,
       $day_number - cast(effective_to as int) as ends_age
from revenue_line
