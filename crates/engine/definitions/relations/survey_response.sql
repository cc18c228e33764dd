-- Answers to surveys.
select account_id, response_id, contact_id, kind, score, occurred_at,
       ($end_us - cast(occurred_at as bigint)) / 86400000000 as age_days
from survey_response
where occurred_at < $end
