-- Invoices issued by the day; a payment after it has not happened yet.
select account_id, invoice_id, amount_cents, currency, issued_on, due_on,
       $day_number - cast(issued_on as int) as age_days,
       case when due_on < $day and (paid_on is null or paid_on > $day)
            then $day_number - cast(due_on as int) end as overdue_days,
       case when paid_on <= $day and paid_on > due_on then cast(paid_on as int) - cast(due_on as int) end as paid_late_days
from invoice
where issued_on <= $day and (voided_on is null or voided_on > $day)
