-- Contracts. One runs from its first day to the day before its term ends.
select account_id, subscription_id, auto_renew, notice_days,
       cast(effective_to as int) - $day_number as renewal_in_days,
       effective_from <= $day and (effective_to is null or effective_to > $day) as is_running,
       coalesce(cancelled_on <= $day, false) as is_cancelled
from subscription
where effective_from <= $day
