-- The account itself.
select account_id, tier, industry, region,
       case when customer_from <= $day then $day_number - cast(customer_from as int) end as tenure_days
from account
