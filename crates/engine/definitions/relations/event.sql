-- Usage. `age_days` is whole days back from the end of the as-of day.
select account_id, user_id, name, quantity, occurred_at,
       ($end_us - cast(occurred_at as bigint)) / 86400000000 as age_days
from event
where occurred_at < $end and occurred_at >= $since and recorded_at < $known
