-- People at the account on the day, with what they are there for.
select c.account_id, c.contact_id,
       r.contact_id is not null as has_role,
       coalesce(r.is_sponsor, false) as is_sponsor,
       coalesce(r.is_champion, false) as is_champion,
       coalesce(r.is_detractor, false) as is_detractor
from contact c
left join (
    select contact_id,
           bool_or(role = 'sponsor') as is_sponsor,
           bool_or(role = 'champion') as is_champion,
           bool_or(role = 'detractor') as is_detractor
    from contact_role
    where effective_from <= $day and (effective_to is null or effective_to > $day)
    group by contact_id
) r on r.contact_id = c.contact_id
where c.effective_from <= $day and (c.effective_to is null or c.effective_to > $day)
