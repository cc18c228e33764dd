-- What we and they said to each other. A sponsor is one on the as-of day.
select t.account_id, t.touchpoint_id, t.contact_id, t.member_id, t.kind, t.direction, t.minutes, t.occurred_at,
       ($end_us - cast(t.occurred_at as bigint)) / 86400000000 as age_days,
       coalesce(t.replied_at < $end, false) as replied,
       s.contact_id is not null as with_sponsor
from touchpoint t
left join (
    select distinct contact_id from contact_role
    where role = 'sponsor' and effective_from <= $day and (effective_to is null or effective_to > $day)
) s on s.contact_id = t.contact_id
where t.occurred_at < $end
