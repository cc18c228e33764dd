-- Tickets as they stood at the end of the day: what happened later is not known yet.
select account_id, ticket_id, priority, opened_at,
       ($end_us - cast(opened_at as bigint)) / 86400000000 as age_days,
       resolved_at is null or resolved_at >= $end as is_open,
       case when escalated_at < $end then ($end_us - cast(escalated_at as bigint)) / 86400000000 end as escalated_age_days,
       case when resolved_at < $end then ($end_us - cast(resolved_at as bigint)) / 86400000000 end as resolved_age_days,
       case when first_response_at < $end then (cast(first_response_at as bigint) - cast(opened_at as bigint)) / 60000000 end as first_response_minutes,
       case when resolved_at < $end then (cast(resolved_at as bigint) - cast(opened_at as bigint)) / 60000000 end as resolution_minutes
from ticket
where opened_at < $end
