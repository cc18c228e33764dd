-- Features the contract gives on the day.
select account_id, feature
from entitlement
where effective_from <= $day and (effective_to is null or effective_to > $day)
