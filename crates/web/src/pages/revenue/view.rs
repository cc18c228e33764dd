//! The page itself: headline figures, the bridge, the months, retention, cohorts, groups, definitions. Absent: arithmetic;
//! what is printed was computed in the report.

use domain::Day;
use domain::revenue::{Arr, DEFINITIONS, Grain, Part};
use engine::book::Book;
use engine::revenue::cohort::{CohortCell, Share};
use engine::revenue::left_out::{LEFT_OUT, Unknown, UnknownAmount};
use engine::revenue::per_csm;
use engine::revenue::report::{CohortRow, Figures, Movements, Report, Slice};
use engine::revenue::subject::Told;
use maud::{Markup, html};
use report::{Axis, Cohort, Cohorts, Frame, Ink, Line, Series, Step, cohorts, lines, waterfall};

use super::sources::{self, Names};
use super::{Asked, DIMENSIONS, Subject, ahead, parts, rates};
use crate::pages::{compact, compact_signed};
use crate::ui::card::{Tile, card, grid, plain, tiles};
use crate::ui::filter::{Chip, chips};
use crate::ui::table::{Column, Sort, Stay, cell, frame, header};
use crate::ui::{Link, format, notice, shell};

/// The fragment that chips swap.
const FRAGMENT: &str = "revenue";
/// Cohorts shown.
const COHORTS: usize = 16;
/// Ages shown of a cohort.
const AGES: usize = 13;
/// Accounts of a list that is open from the start.
const FEW: usize = 5;
/// Accounts or items that a warning names.
const MOST_NAMED: usize = 100;

pub(super) fn page(book: &Book, asked: &Asked, subject: &Subject, now: Option<&Subject>, names: &Names) -> Markup {
    let (report, apart) = (&subject.told().report, parts(book, subject, &asked.by));
    let detail = html! { (report.window.span) " · " (report.currency) " · annual recurring revenue"
    @if now.is_some() { " · as known on " (asked.known_on) } };
    html! {
        (shell::heading(&[], "Revenue", &detail, &html! { a.btn href="/renewals" { "Renewals" } a.btn href="/revenue/rates" { "Currencies and sources" } a.btn href="/expansion" { "Expansion" } (months_form(book, asked, subject)) }))
        div id=(FRAGMENT) data-fragment="" {
            @if subject.left_out.is_empty() && subject.ledger.accounts().iter().all(|account| account.lines.is_empty()) {
                (notice::empty("No contracts yet", "Revenue follows from subscriptions and their items.",
                    &html! { a.btn href="/sources" { "Import subscriptions" } }))
            } @else {
                @if let Some(now) = now { (card("As it was known", &restated(asked, report, &now.told().report))) }
                (ahead::notice(book, report))
                (warnings(book, asked, subject.told(), names))
                (headline(asked, report))
                (plain(&bridge(report)))
                (card("Movements by month", &months(book, asked, report)))
                (grid(&[plain(&retention(report)), plain(&logos(report))]))
                (card("What is left of each cohort", &cohort_maps(asked, report)))
                (card("Who and where", &groups(asked, report, &apart)))
                (card("Definitions, side by side", &definitions(asked, report)))
            }
        }
    }
}

fn months_form(book: &Book, asked: &Asked, subject: &Subject) -> Markup {
    let first = subject.months.first().map(|month| month.through.format("%Y-%m").to_string()).unwrap_or_default();
    let last = subject.as_of.format("%Y-%m").to_string();
    html! {
        form.inline-form action="/revenue" {
            label { "From " input type="month" name="from" value=(first) required; }
            label { "To " input type="month" name="to" value=(last) required; }
            @if subject.currencies.len() > 1 {
                label { "In " select name="currency" { @for currency in &subject.currencies {
                    option value=(currency) selected[*currency == subject.lens.currency] { (currency) }
                } } }
            }
            label { "As known on " input type="date" name="known_on" value=(asked.known_on) max=(book.as_of)
                title="As it was known at the end of a day; empty for today"; }
            @if !asked.by.is_empty() { input type="hidden" name="by" value=(asked.by); }
            button.btn { "Show" }
        }
    }
}

/// What has been learned since of the same months.
fn restated(asked: &Asked, then: &Report, now: &Report) -> Markup {
    const THEN: Column<'_> = Column::new("As known then").number();
    const NOW: Column<'_> = Column::new("As known today").number();
    const SINCE: Column<'_> = Column::new("Learned since").number();
    let exact = |cents: i64| html! { (format::money_exact(cents, &then.currency)) };
    let amount = |name: &str, of: fn(&Movements) -> i64| {
        let (before, after) = (of(&then.window.movements), of(&now.window.movements));
        html! { tr { th scope="row" { (name) } (cell(&THEN, &exact(before))) (cell(&NOW, &exact(after)))
        (cell(&SINCE, &exact(after - before))) } }
    };
    let share = |name: &str, key: &str| {
        let value = |report: &Report| report.window.metrics.get(key).and_then(|metric| metric.value);
        let (before, after) = (value(then), value(now));
        let written = |value| format::or_unknown(value, format::percent);
        html! { tr { th scope="row" { (name) } (cell(&THEN, &written(before))) (cell(&NOW, &written(after)))
        (cell(&SINCE, &format::or_unknown(before.zip(after), |(before, after)| html! { (format::points_text(after - before)) }))) } }
    };
    let rows = html! {
        (amount("Opening", |moved| moved.opening_cents))
        @for kind in KINDS.iter().filter(|kind| !kind.key.is_empty()) {
            @if kind.always || (kind.cents)(&then.window.movements) != (kind.cents)(&now.window.movements) { (amount(kind.name, kind.cents)) }
        }
        (amount("Closing", |moved| moved.closing_cents))
        (share("Net revenue retention", "nrr"))
        (share("Gross revenue retention", "grr"))
    };
    let today = asked.link("/revenue").without("known_on");
    let columns = [Column::new("Figure"), THEN, NOW, SINCE];
    html! {
        p { "Everything below is as it was known at the end of " (asked.known_on) ". " a href=(today) { "As known today" } }
        (frame("What was learned since", &header(&columns, Sort { key: "", descending: false }, &Link::to("/revenue"), ""), &rows))
    }
}

fn warnings(book: &Book, asked: &Asked, told: &Told, names: &Names) -> Markup {
    let Told { report, contradictions, unrated } = told;
    html! {
        @if !contradictions.is_empty() {
            details.card open[contradictions.len() <= FEW] { summary {
                "Sources disagree about " (format::counted(contradictions.len() as i64, "account", "accounts")) }
                ul { @for found in contradictions.iter().take(MOST_NAMED) { li {
                    a href=(Link::to(format!("/accounts/{}", found.account_id)).with("tab", "revenue")) { (book.name_of(found.account_id)) }
                    ": " (sources::told(found, names))
                } } (and_more(contradictions.len())) }
                p.muted { "Choose whose contracts count under " a href="/revenue/rates" { "Currencies and sources" } "." }
            }
        }
        @if let Some(left_out) = &report.left_out {
            (notice::remark(&html! {
                (amounts_left_out(left_out, &report.currency))
                p { a href=(asked.figure(LEFT_OUT)) { "See these contracts" } }
            }))
        }
        @for missing in unrated {
            (notice::remark(&rates::left_out(missing, |id| book.name_of(id))))
        }
        @if !report.faults.is_empty() {
            details.card { summary { (format::counted(report.faults.len() as i64, "contract item needs", "contract items need")) " attention" }
                ul { @for fault in report.faults.iter().take(MOST_NAMED) { li { (fault) } } (and_more(report.faults.len())) } }
        }
    }
}

/// What is in no figure of the page, in its own currencies.
fn amounts_left_out(left_out: &Unknown, into: &str) -> Markup {
    let amount = |amount: &UnknownAmount| {
        html! {
            b { (format::money_exact(amount.closing_cents, &amount.currency)) } " a year in "
            (format::counted(amount.contracts as i64, "contract", "contracts"))
            @if amount.has_rate { " of the same accounts" } @else { " without a rate" }
        }
    };
    html! {
        p { b { "What " (format::counted(left_out.accounts as i64, "account pays", "accounts pay")) " is unknown in " (into) "." }
            " They are in no figure of this page: at the closing they have "
            @for (at, each) in left_out.amounts.iter().enumerate() { @if at > 0 { ", and " } (amount(each)) } "." }
    }
}

/// What a list leaves out.
fn and_more(all: usize) -> Markup {
    html! { @if all > MOST_NAMED { li.muted { "and " (format::count((all - MOST_NAMED) as i64)) " more, which the API tells" } } }
}

fn metric(report: &Report, key: &str) -> Markup {
    let metric = report.window.metrics.get(key);
    let value = metric.and_then(|metric| metric.value);
    match metric.map(|metric| metric.unit) {
        Some("ratio") => format::or_unknown(value, |ratio| html! { (format::number(ratio, 2)) }),
        _ => format::or_unknown(value, format::percent),
    }
}

fn headline(asked: &Asked, report: &Report) -> Markup {
    let tile = |label, key: &str| Tile {
        label,
        value: metric(report, key),
        delta: html! {},
        explained_at: Some(asked.figure(key)),
    };
    let (renewals, per) = (&report.renewals, report.window.arr_per_csm.as_ref());
    let due = html! { "of " (format::counted(renewals.due as i64, "term", "terms")) " due in these months" };
    tiles(
        "Key figures",
        &[
            Tile {
                label: "ARR",
                value: format::money(report.window.movements.closing_cents, &report.currency),
                delta: html! { (format::counted(report.window.logos.closing as i64, "account pays", "accounts pay"))
                @if let Some(left_out) = &report.left_out { " and " a href=(asked.figure(LEFT_OUT)) { (left_out.accounts) " without a rate" } } },
                explained_at: Some(asked.figure("arr")),
            },
            tile("Net revenue retention", "nrr"),
            tile("Gross revenue retention", "grr"),
            tile("Logo churn", "logo_churn"),
            tile("Quick ratio", "quick_ratio"),
            Tile {
                label: per_csm::NAME,
                value: format::or_unknown(per.and_then(|per| per.cents), |cents| {
                    format::money(cents, &report.currency)
                }),
                delta: html! { @if let Some(per) = per { (format::counted(per.csms as i64, "CSM", "CSMs")) } },
                explained_at: Some(asked.figure(per_csm::KEY)),
            },
            Tile {
                label: "Gross renewal rate",
                value: format::or_unknown(renewals.gross, format::percent),
                delta: due,
                explained_at: Some(asked.figure("renewal_rate_gross")),
            },
        ],
    )
}

fn bridge(report: &Report) -> Markup {
    let moved = &report.window.movements;
    let units = |cents: i64| cents as f64 / 100.0;
    let mut steps = vec![Step::Total("Opening", units(moved.opening_cents))];
    let changes = KINDS.iter().map(|kind| (kind.name, (kind.cents)(moved), kind.always));
    steps.extend(
        changes
            .filter(|(_, cents, always)| *always || *cents != 0)
            .map(|(name, cents, _)| Step::Change(name, Some(units(cents)))),
    );
    steps.push(Step::Total("Closing", units(moved.closing_cents)));
    let title = format!("From opening to closing ARR, {}", report.window.span);
    let summary = format!(
        "ARR went from {} to {}.",
        format::money_exact(moved.opening_cents, &report.currency),
        format::money_exact(moved.closing_cents, &report.currency)
    );
    let n = format!("n = {}", format::counted(report.window.logos.closing as i64, "account", "accounts"));
    waterfall(&Frame::new("bridge", &title, &summary, &n).full(), &steps, compact, compact_signed)
}

/// A kind of movement as a column, with its sign.
struct KindColumn {
    key: &'static str,
    name: &'static str,
    cents: fn(&Movements) -> i64,
    always: bool,
}

const KINDS: [KindColumn; 9] = [
    KindColumn { key: "new", name: "New", cents: |moved| moved.new_cents, always: true },
    KindColumn { key: "reactivation", name: "Returned", cents: |moved| moved.reactivation_cents, always: true },
    KindColumn { key: "expansion", name: "Expansion", cents: |moved| moved.expansion_cents, always: true },
    KindColumn { key: "price", name: "Price", cents: |moved| moved.price_cents, always: true },
    KindColumn { key: "contraction", name: "Contraction", cents: |moved| -moved.contraction_cents, always: true },
    KindColumn { key: "churn", name: "Churn", cents: |moved| -moved.churn_cents, always: true },
    KindColumn { key: "transfer", name: "Transfer", cents: |moved| moved.transfer_cents, always: false },
    KindColumn { key: "fx", name: "Exchange rates", cents: |moved| moved.fx_cents, always: false },
    KindColumn { key: "", name: "Rounding", cents: |moved| moved.rounding_cents, always: false },
];

fn months(book: &Book, asked: &Asked, report: &Report) -> Markup {
    let shown =
        |kind: &&KindColumn| kind.always || report.months.iter().any(|month| (kind.cents)(&month.movements) != 0);
    let kinds: Vec<&KindColumn> = KINDS.iter().filter(shown).collect();
    let mut columns = vec![Column::new("Month"), Column::new("Opening").number()];
    columns.extend(kinds.iter().map(|kind| Column::new(kind.name).number()));
    columns.extend(["Closing", "NRR", "GRR"].map(|name| Column::new(name).number()));
    let rows = html! {
        @for month in &report.months { (month_row(asked, report, month, &kinds, Some(ahead::is_ahead(book, &month.span)))) }
        (month_row(asked, report, &report.window, &kinds, None))
    };
    html! {
        (frame("Movements by month", &header(&columns, Sort { key: "", descending: false }, &Link::to("/revenue"), ""), &rows))
        p.muted { "Every row adds up to the cent. An amount leads to its movements, which can be taken out."
            @if report.once_cents != 0 || report.refunded_cents != 0 {
                " Beside what recurs, " (format::money_exact(report.once_cents, &report.currency)) " was charged once and "
                (format::money_exact(-report.refunded_cents, &report.currency)) " was paid back."
            } }
    }
}

/// One month, and whether it is still to begin; without that all of them.
fn month_row(asked: &Asked, report: &Report, figures: &Figures, kinds: &[&KindColumn], ahead: Option<bool>) -> Markup {
    const CELL: Column<'_> = Column::new("Amount").number();
    let money = |cents: i64| format::money(cents, &report.currency);
    let month = figures.span.as_str();
    let at = |key: &str| match ahead {
        Some(_) => within(asked, report, asked.figure(key)).with("from", month).with("to", month),
        None => asked.figure(key),
    };
    let share =
        |key: &str| format::or_unknown(figures.metrics.get(key).and_then(|metric| metric.value), format::percent);
    html! { tr {
        th scope="row" { (if ahead.is_some() { month } else { "All" }) @if ahead == Some(true) { small.muted { "to come" } } }
        (cell(&CELL, &money(figures.movements.opening_cents)))
        @for kind in kinds {
            @let cents = (kind.cents)(&figures.movements);
            (cell(&CELL, &html! { @if cents == 0 || kind.key.is_empty() { (money(cents)) }
                @else { a href=(at(kind.key)) { (money(cents)) } } }))
        }
        (cell(&CELL, &html! { a href=(at("arr")) { (money(figures.movements.closing_cents)) } }))
        (cell(&CELL, &html! { a href=(at("nrr")) { (share("nrr")) } }))
        (cell(&CELL, &html! { a href=(at("grr")) { (share("grr")) } }))
    } }
}

/// A link to one month of the page, whose accounts are those of the page also where a rate is missing in another month.
fn within(asked: &Asked, report: &Report, link: Link) -> Link {
    match (&report.left_out, &report.months[..]) {
        (Some(_), [first, .., last]) if asked.within.is_empty() => {
            link.with("within", format!("{}..{}", first.span, last.span))
        }
        _ => link,
    }
}

fn trend(report: &Report, key: &str) -> Vec<Option<f64>> {
    report.months.iter().map(|month| month.metrics.get(key).and_then(|metric| metric.value)).collect()
}

fn retention(report: &Report) -> Markup {
    let labels: Vec<String> = report.months.iter().map(|month| month.span.clone()).collect();
    let series = [
        Line::new(Series::new("NRR", Ink::One, trend(report, "nrr"))),
        Line::new(Series::new("GRR", Ink::Two, trend(report, "grr"))).dashed(),
    ];
    let axis = Axis { reference: Some((1.0, "all kept")), ..Axis::fitting(format::percent_text) };
    let summary = "Net and gross retention of each month, of the accounts that paid at its opening.";
    lines(
        &Frame::new("retention", "Monthly revenue retention", summary, "accounts paying at the opening"),
        "Month",
        &labels,
        &series,
        axis,
    )
}

fn logos(report: &Report) -> Markup {
    let labels: Vec<String> = report.months.iter().map(|month| month.span.clone()).collect();
    let paying = report.months.iter().map(|month| Some(month.logos.closing as f64)).collect();
    let last = report.window.logos;
    let summary = format!(
        "{} accounts at the opening, {} new, {} back, {} lost, {} at the closing.",
        last.opening, last.new, last.reactivated, last.churned, last.closing
    );
    let axis = Axis { low: Some(0.0), ..Axis::fitting(|value| format::number(value, 0)) };
    let series = [Line::new(Series::new("Accounts", Ink::One, paying))];
    lines(
        &Frame::new("logos", "Paying accounts", &summary, "at the end of each month"),
        "Month",
        &labels,
        &series,
        axis,
    )
}

fn cohort_maps(asked: &Asked, report: &Report) -> Markup {
    let monthly = asked.grain == "month";
    let rows = if monthly { &report.cohorts_by_month } else { &report.cohorts_by_quarter };
    let grain = if monthly { Grain::Month } else { Grain::Quarter };
    let grains = [("", "By quarter"), ("month", "By month")].map(|(grain, label)| Chip {
        label,
        count: None,
        link: asked.link("/revenue").with("grain", grain),
        active: asked.grain == grain,
        ink: None,
    });
    html! {
        (chips("Length of a period", &grains, &html! {}, FRAGMENT))
        (grid(&[
            cohort_map(asked, "Revenue, % of what they paid at first", rows, (grain, Share::Revenue)),
            cohort_map(asked, "Accounts, % of those that started", rows, (grain, Share::Accounts)),
        ]))
    }
}

fn cohort_map(asked: &Asked, title: &str, rows: &[CohortRow], (grain, share): (Grain, Share)) -> Markup {
    let id = if share == Share::Revenue { "cohort-revenue" } else { "cohort-logos" };
    let of = |row: &CohortRow| if share == Share::Revenue { row.revenue.clone() } else { row.logos.clone() };
    let letter = if grain == Grain::Month { "M" } else { "Q" };
    let link = |starts: Day, age: usize| asked.figure(&CohortCell { share, grain, starts, age }.key()).to_string();
    let shown: Vec<&CohortRow> = rows.iter().filter(|row| !of(row).is_empty()).collect();
    let shown = &shown[shown.len().saturating_sub(COHORTS)..];
    let ages = shown.iter().map(|row| of(row).len()).max().unwrap_or(0).min(AGES);
    let words: Vec<(String, String)> =
        shown.iter().map(|row| (row.starts.format("%Y-%m").to_string(), format::count(row.accounts as i64))).collect();
    let cells = shown.iter().zip(&words).map(|(row, (label, n))| Cohort {
        label,
        n,
        values: of(row).iter().take(ages).copied().collect(),
        links: (0..of(row).len().min(ages)).map(|age| link(row.starts, age)).collect(),
    });
    let data = Cohorts {
        heading: "Started",
        ages: (0..ages).map(|age| format!("{letter}{age}")).collect(),
        rows: cells.collect(),
        low: 0.5,
        high: 1.2,
        format: |value| format::number(value * 100.0, 0),
    };
    let all = shown.iter().map(|row| row.accounts).sum::<usize>();
    let n = format!("n = {}", format::counted(all as i64, "account", "accounts"));
    let summary = "By the period of the first payment; a cell exists when the whole cohort has reached that age.";
    cohorts(&Frame::new(id, title, summary, &n).height(0.0), &data)
}

const GROUP: Column<'_> = Column::new("Group");
const ACCOUNTS: Column<'_> = Column::new("Accounts").number().until(Stay::Tablet);
const OPENING: Column<'_> = Column::new("Opening").number();
const HANDED: Column<'_> = Column::new("Handed on").number().until(Stay::Tablet);
const TAKEN: Column<'_> = Column::new("Taken over").number().until(Stay::Tablet);
const CLOSING: Column<'_> = Column::new("Closing").number();
const NET: Column<'_> = Column::new("NRR").number();
const GROSS: Column<'_> = Column::new("GRR").number();

fn groups(asked: &Asked, report: &Report, parts: &[Part]) -> Markup {
    let dimensions = DIMENSIONS.map(|(key, label)| Chip {
        label,
        count: None,
        link: asked.link("/revenue").with("by", key),
        active: asked.by == key,
        ink: None,
    });
    html! {
        (chips("Tell apart by", &dimensions, &html! {}, FRAGMENT))
        @match asked.by.as_str() {
            "product" => (sold("Revenue by product", &report.by_product, report)),
            "currency" => (sold("Revenue by currency", &report.by_currency, report)),
            _ => (of_groups(report, parts)),
        }
    }
}

/// Movements by something that is sold, of which an account may hold several.
fn sold(caption: &str, slices: &[Slice], report: &Report) -> Markup {
    const CELL: Column<'_> = Column::new("Amount").number();
    let shown = |kind: &&KindColumn| slices.iter().any(|slice| (kind.cents)(&slice.movements) != 0);
    let kinds: Vec<&KindColumn> = KINDS.iter().filter(shown).collect();
    let mut columns = vec![Column::new("Sold"), OPENING];
    columns.extend(kinds.iter().map(|kind| Column::new(kind.name).number()));
    columns.push(CLOSING);
    let money = |cents: i64| format::money(cents, &report.currency);
    let rows = html! { @for slice in slices { tr {
        th scope="row" { (if slice.name.is_empty() { "not named" } else { &slice.name }) }
        (cell(&OPENING, &money(slice.movements.opening_cents)))
        @for kind in &kinds { (cell(&CELL, &money((kind.cents)(&slice.movements)))) }
        (cell(&CLOSING, &money(slice.movements.closing_cents)))
    } } };
    html! {
        (frame(caption, &header(&columns, Sort { key: "", descending: false }, &Link::to("/revenue"), ""), &rows))
        p.muted { "Amounts are in " (report.currency) ". The parts add up to the movements above; an account may be in several." }
    }
}

fn of_groups(report: &Report, parts: &[Part]) -> Markup {
    let money = |arr: Arr| format::money(arr.cents(), &report.currency);
    let share =
        |value: Option<domain::revenue::Percent>| format::or_unknown(value, |share| format::percent(share.as_f64()));
    let rows = html! { @for part in parts { tr {
        th scope="row" { (part.name.as_deref().unwrap_or("none")) }
        (cell(&ACCOUNTS, &html! { (format::count(part.accounts as i64)) }))
        (cell(&OPENING, &money(part.bridge.opening)))
        (cell(&HANDED, &money(-part.handed_on)))
        (cell(&TAKEN, &money(part.taken_over)))
        (cell(&CLOSING, &money(part.closing())))
        (cell(&NET, &share(part.net)))
        (cell(&GROSS, &share(part.gross)))
    } } };
    let columns = [GROUP, ACCOUNTS, OPENING, HANDED, TAKEN, CLOSING, NET, GROSS];
    html! {
        (frame("Revenue by group", &header(&columns, Sort { key: "", descending: false }, &Link::to("/revenue"), ""), &rows))
        p.muted { "An account counts where it stood at the opening, so a loss cannot be handed on; what changed hands since sums to zero." }
    }
}

const NAME: Column<'_> = Column::new("Definition");
const VALUE: Column<'_> = Column::new("Figure").number();
const APART: Column<'_> = Column::new("To ours").number();
const ARITHMETIC: Column<'_> = Column::new("Arithmetic");

fn definitions(asked: &Asked, report: &Report) -> Markup {
    let value = |key: &str| report.window.metrics.get(key).and_then(|metric| metric.value);
    let ours = |key: &str| value(key.split('_').next().unwrap_or(key));
    let rows = html! { @for definition in DEFINITIONS { @if let Some(metric) = report.window.metrics.get(definition.key) { tr {
        th scope="row" { a href=(asked.figure(definition.key)) { (definition.name) }
            small.muted { (definition.key) " v" (definition.version) @if !definition.advised { " · not advised" } } }
        (cell(&VALUE, &self::metric(report, definition.key)))
        (cell(&APART, &html! { @match value(definition.key).zip(ours(definition.key)) {
            Some((this, ours)) if definition.key.contains('_') && this.total_cmp(&ours).is_ne() => (format::points_text(this - ours)),
            _ => "",
        } }))
        (cell(&ARITHMETIC, &html! { div.wrap { (format::minus(&metric.formula)) br; small.muted { (format::minus(&metric.arithmetic)) } } }))
    } } } };
    let columns = [NAME, VALUE, APART, ARITHMETIC];
    frame("Definitions", &header(&columns, Sort { key: "", descending: false }, &Link::to("/revenue"), ""), &rows)
}
