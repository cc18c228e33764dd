-- The CSM's own view, set by hand.
select account_id, sentiment_id, member_id, score, occurred_at,
       ($end_us - cast(occurred_at as bigint)) / 86400000000 as age_days
from csm_sentiment
where occurred_at < $end
