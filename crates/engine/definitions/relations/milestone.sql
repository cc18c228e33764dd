-- Steps of onboarding.
select account_id, milestone_id, weight,
       coalesce(reached_on <= $day, false) as is_reached,
       case when due_on < $day and (reached_on is null or reached_on > $day)
            then $day_number - cast(due_on as int) else 0 end as behind_days
from milestone
