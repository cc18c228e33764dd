-- Agreed objectives that have begun.
select account_id, objective_id, kind, baseline, target, actual,
       coalesce(achieved_on <= $day, false) as is_achieved,
       $day_number - cast(due_on as int) as overdue_days
from objective
where effective_from <= $day
