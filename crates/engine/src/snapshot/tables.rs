//! Records as tables: what the store knows, laid beside the events so that one
//! query can read both. Column names are the records' own; the identity of a
//! record is named after it, so that joins read well.

use domain::{
    Day,
    revenue::{Arr, Line, View as RevenueView},
    time::days_after,
};
use lake::{Column, Frame, FrameError, View};
use store::{
    Account, Contact, ContactRole, CsmSentiment, Entitlement, Invoice, Milestone, Objective, PaymentAttempt, Reading,
    Subscription, SubscriptionItem, SurveyResponse, Ticket, Touchpoint,
};

use crate::{
    EngineError,
    revenue::{Ledgers, conventions::Lens},
};

/// Lays the record tables that are wanted beside the events, one kind after another: of a whole book only a page of
/// records is in memory at a time, and their columns stay.
pub(crate) async fn lay(view: View, facts: &Reading<'_>, wanted: impl Fn(&str) -> bool) -> Result<View, EngineError> {
    macro_rules! lay {
        ($($name:literal: $frame:ident,)*) => {{
            let mut view = view;
            $(if wanted($name) {
                let mut pages = Vec::new();
                facts.each_page(|records| pages.push($frame(&records))).await?;
                let pages = pages.into_iter().collect::<Result<Vec<_>, _>>()?;
                view = view.with($name, &Frame::concat(&pages)?)?;
            })*
            Ok(view)
        }};
    }
    lay! {
        "account": accounts,
        "contact": contacts,
        "contact_role": contact_roles,
        "touchpoint": touchpoints,
        "ticket": tickets,
        "survey_response": survey_responses,
        "csm_sentiment": csm_sentiments,
        "invoice": invoices,
        "payment_attempt": payment_attempts,
        "subscription": subscriptions,
        "subscription_item": subscription_items,
        "objective": objectives,
        "milestone": milestones,
        "entitlement": entitlements,
    }
}

/// Lays the lines of recurring revenue beside the records they follow from, in the currency the book is read in: a line in
/// another currency is a row for each rate that holds, without an amount where there is none.
pub(crate) fn lay_revenue(view: View, ledgers: &Ledgers, lens: &Lens) -> Result<View, EngineError> {
    Ok(view.with("revenue_line", &revenue_lines(ledgers, &lens.view())?)?)
}

/// Lays the invoices, and the days on which each was overdue with what it comes to in the currency the book is read in: one
/// in another currency is a row for each rate that holds, without a value where there is none.
pub(crate) async fn lay_invoices(view: View, facts: &Reading<'_>, lens: &Lens) -> Result<View, EngineError> {
    let (mut all, mut overdue, revenue) = (Vec::new(), Vec::new(), lens.view());
    facts
        .each_page(|records| {
            all.push(invoices(&records));
            overdue.push(overdue_invoices(&records, &revenue));
        })
        .await?;
    let all = all.into_iter().collect::<Result<Vec<_>, _>>()?;
    let overdue = overdue.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(view.with("invoice", &Frame::concat(&all)?)?.with("overdue_invoice", &Frame::concat(&overdue)?)?)
}

/// Builds one frame: a column per line, each an expression of one record.
macro_rules! frame {
    ($records:expr, |$record:ident| { $($name:literal: $value:expr),* $(,)? }) => {{
        Frame::new([$(($name, $records.iter().map(|$record| $value).collect::<Column>())),*])
    }};
}

fn accounts(records: &[Account]) -> Result<Frame, FrameError> {
    frame!(records, |account| {
        "account_id": account.id,
        "external_id": account.external_id.as_str(),
        "name": account.name.as_str(),
        "parent_id": account.parent_id,
        "kind": account.kind.as_str(),
        "status": account.status.as_str(),
        "tier": account.tier.as_deref(),
        "industry": account.industry.as_deref(),
        "region": account.region.as_deref(),
        "stage": account.stage.map(store::account::Stage::as_str),
        "currency": account.currency.as_str(),
        "customer_from": account.customer_from,
        "customer_to": account.customer_to,
    })
}

fn contacts(records: &[Contact]) -> Result<Frame, FrameError> {
    frame!(records, |contact| {
        "account_id": contact.account_id,
        "contact_id": contact.id,
        "effective_from": contact.effective_from,
        "effective_to": contact.effective_to,
    })
}

fn contact_roles(records: &[ContactRole]) -> Result<Frame, FrameError> {
    frame!(records, |role| {
        "account_id": role.account_id,
        "contact_id": role.contact_id,
        "role": role.role.as_str(),
        "effective_from": role.effective_from,
        "effective_to": role.effective_to,
    })
}

fn touchpoints(records: &[Touchpoint]) -> Result<Frame, FrameError> {
    frame!(records, |touchpoint| {
        "account_id": touchpoint.account_id,
        "touchpoint_id": touchpoint.id,
        "contact_id": touchpoint.contact_id,
        "member_id": touchpoint.member_id,
        "kind": touchpoint.kind.as_str(),
        "direction": touchpoint.direction.as_str(),
        "minutes": touchpoint.minutes.map(i64::from),
        "occurred_at": touchpoint.occurred_at,
        "replied_at": touchpoint.replied_at,
    })
}

fn tickets(records: &[Ticket]) -> Result<Frame, FrameError> {
    frame!(records, |ticket| {
        "account_id": ticket.account_id,
        "ticket_id": ticket.id,
        "priority": ticket.priority.as_str(),
        "opened_at": ticket.opened_at,
        "first_response_at": ticket.first_response_at,
        "resolved_at": ticket.resolved_at,
        "escalated_at": ticket.escalated_at,
    })
}

fn survey_responses(records: &[SurveyResponse]) -> Result<Frame, FrameError> {
    frame!(records, |response| {
        "account_id": response.account_id,
        "response_id": response.id,
        "contact_id": response.contact_id,
        "kind": response.kind.as_str(),
        "score": i64::from(response.score),
        "occurred_at": response.occurred_at,
    })
}

fn csm_sentiments(records: &[CsmSentiment]) -> Result<Frame, FrameError> {
    frame!(records, |sentiment| {
        "account_id": sentiment.account_id,
        "sentiment_id": sentiment.id,
        "member_id": sentiment.member_id,
        "score": i64::from(sentiment.score),
        "occurred_at": sentiment.occurred_at,
    })
}

fn invoices(records: &[Invoice]) -> Result<Frame, FrameError> {
    frame!(records, |invoice| {
        "account_id": invoice.account_id,
        "invoice_id": invoice.id,
        "amount_cents": invoice.amount_cents,
        "currency": invoice.currency.as_str(),
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on,
        "paid_on": invoice.paid_on,
        "voided_on": invoice.voided_on,
    })
}

fn overdue_invoices(records: &[Invoice], view: &RevenueView<'_>) -> Result<Frame, FrameError> {
    let mut spans = Vec::new();
    for invoice in records {
        let from = invoice.issued_on.max(days_after(invoice.due_on, 1));
        let ends = invoice.paid_on.into_iter().chain(invoice.voided_on).min().unwrap_or(Day::MAX);
        if from < ends {
            let values = view.cents_over(invoice.amount_cents, &invoice.currency, (from, ends));
            let ends: Vec<Day> = values.iter().skip(1).map(|(day, _)| *day).chain([ends]).collect();
            spans.extend(values.into_iter().zip(ends).map(|((from, value), to)| (invoice, value, from, to)));
        }
    }
    frame!(spans, |span| {
        "account_id": span.0.account_id,
        "invoice_id": span.0.id,
        "amount_cents": span.0.amount_cents,
        "currency": span.0.currency.as_str(),
        "value_cents": span.1,
        "effective_from": span.2,
        "effective_to": (span.3 < Day::MAX).then_some(span.3),
    })
}

fn payment_attempts(records: &[PaymentAttempt]) -> Result<Frame, FrameError> {
    frame!(records, |attempt| {
        "account_id": attempt.account_id,
        "invoice_id": attempt.invoice_id,
        "failed": attempt.failed,
        "occurred_at": attempt.occurred_at,
    })
}

fn subscriptions(records: &[Subscription]) -> Result<Frame, FrameError> {
    frame!(records, |subscription| {
        "account_id": subscription.account_id,
        "subscription_id": subscription.id,
        "auto_renew": subscription.auto_renew,
        "notice_days": i64::from(subscription.notice_days),
        "period_months": i64::from(subscription.period_months),
        "effective_from": subscription.effective_from,
        "effective_to": subscription.effective_to,
        "cancelled_on": subscription.cancelled_on,
    })
}

fn subscription_items(records: &[SubscriptionItem]) -> Result<Frame, FrameError> {
    frame!(records, |item| {
        "account_id": item.account_id,
        "item_id": item.id,
        "subscription_id": item.subscription_id,
        "product": item.product.as_str(),
        "plan": item.plan.as_str(),
        "unit": item.unit.as_str(),
        "quantity": item.quantity,
        "amount_cents": item.amount_cents,
        "period_months": i64::from(item.period_months),
        "charge": item.charge.as_str(),
        "discount_bp": i64::from(item.discount_bp),
        "discount_cents": item.discount_cents,
        "currency": item.currency.as_str(),
        "effective_from": item.effective_from,
        "effective_to": item.effective_to,
    })
}

fn revenue_lines(ledgers: &Ledgers, view: &RevenueView<'_>) -> Result<Frame, FrameError> {
    let mut pieces = Vec::new();
    for (ledger, line) in ledgers.values().flat_map(|ledger| ledger.lines.iter().map(move |line| (ledger, line))) {
        let values = view.pieces(line);
        let ends: Vec<Day> = values.iter().skip(1).map(|(from, _)| *from).chain([line.to]).collect();
        let piece = |((from, arr), to)| Piece { account_id: ledger.account_id, line, arr, from, to };
        pieces.extend(values.into_iter().zip(ends).map(piece));
    }
    frame!(pieces, |piece| {
        "account_id": piece.account_id,
        "subscription_id": piece.line.subscription_id,
        "product": &*piece.line.product,
        "plan": &*piece.line.plan,
        "unit": crate::revenue::unit_word(piece.line.unit),
        "quantity": piece.line.quantity,
        "currency": piece.line.currency.as_str(),
        "sold_arr_cents": piece.line.arr.as_f64(),
        "arr_cents": piece.arr.map(Arr::as_f64),
        "effective_from": piece.from,
        "effective_to": (piece.to < Day::MAX).then_some(piece.to),
    })
}

/// A line of revenue as far as one rate of exchange holds.
struct Piece<'a> {
    account_id: i64,
    line: &'a Line,
    arr: Option<Arr>,
    from: Day,
    to: Day,
}

fn objectives(records: &[Objective]) -> Result<Frame, FrameError> {
    frame!(records, |objective| {
        "account_id": objective.account_id,
        "objective_id": objective.id,
        "kind": objective.kind.as_str(),
        "baseline": objective.baseline,
        "target": objective.target,
        "actual": objective.actual,
        "effective_from": objective.effective_from,
        "due_on": objective.due_on,
        "achieved_on": objective.achieved_on,
    })
}

fn milestones(records: &[Milestone]) -> Result<Frame, FrameError> {
    frame!(records, |milestone| {
        "account_id": milestone.account_id,
        "milestone_id": milestone.id,
        "weight": i64::from(milestone.weight),
        "due_on": milestone.due_on,
        "reached_on": milestone.reached_on,
    })
}

fn entitlements(records: &[Entitlement]) -> Result<Frame, FrameError> {
    frame!(records, |entitlement| {
        "account_id": entitlement.account_id,
        "feature": entitlement.feature.as_str(),
        "effective_from": entitlement.effective_from,
        "effective_to": entitlement.effective_to,
    })
}
