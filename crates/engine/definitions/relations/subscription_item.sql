-- Lines of contracts. A line was in force k days ago where starts_age >= k and it had not ended: ends_age null or < k.
select account_id, item_id, subscription_id, product, plan, unit, quantity, amount_cents, period_months, currency,
       $day_number - cast(effective_from as int) as starts_age,
       $day_number - cast(effective_to as int) as ends_age
from subscription_item
