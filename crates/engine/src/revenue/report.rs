//! Movements, retention, cohorts and renewals of a ledger over months, in one currency: what `pomona revenue`, the API and
//! the page show. All three print this value, so that they cannot disagree; money is whole minor units, and where a unit
//! was divided the rounding is a figure of its own.

use std::collections::BTreeMap;

use domain::{
    Day, Instant,
    revenue::{
        Arr, Bridge, Cause, Cohort, Contradiction, DEFINITIONS, Definition, DueBase, Fault, Grain, Kind, Ledger,
        Measured, Percent, Ratio, Retention, Said, Sensitivity, Span, View,
    },
};
use serde::Serialize;

use super::{
    left_out::Unknown,
    per_csm::{self, PerCsm},
    segments::Owners,
};

/// Whether money is told by the year or by the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Annual recurring revenue.
    Arr,
    /// Monthly recurring revenue, a twelfth of it.
    Mrr,
}

impl Measure {
    /// An amount a year in minor units, told by the year or by the month.
    pub(super) fn cents(self, arr: Arr) -> i64 {
        match self {
            Self::Arr => arr.cents(),
            Self::Mrr => arr.monthly_cents(),
        }
    }
}

/// What to report on.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The months, consecutive; each opens where the one before closed.
    pub months: &'a [Span],
    /// What the months are called.
    pub labels: &'a [String],
    /// The day renewals are judged on.
    pub as_of: Day,
    /// How money is told.
    pub measure: Measure,
    /// Who looked after which account, where that is known.
    pub owners: Option<&'a Owners>,
}

/// The figures of a ledger in one currency.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// ISO 4217 code.
    pub currency: String,
    /// Whether amounts are of a year or of a month.
    pub measure: Measure,
    /// The figures of each month, oldest first.
    pub months: Vec<Figures>,
    /// The same over all of them.
    pub window: Figures,
    /// Movements of the window by what is sold; they add up to its movements.
    pub by_product: Vec<Slice>,
    /// The same by the currency of contracts, converted.
    pub by_currency: Vec<Slice>,
    /// What is left of the accounts that began together, by month.
    pub cohorts_by_month: Vec<CohortRow>,
    /// The same by quarter.
    pub cohorts_by_quarter: Vec<CohortRow>,
    /// The terms that were due.
    pub renewals: Renewals,
    /// What was charged once in the window and does not recur: one-off sales and usage.
    pub once_cents: i64,
    /// What was paid back once in the window; negative.
    pub refunded_cents: i64,
    /// Items that are wrong or contradict each other, by account id.
    pub faults: Vec<String>,
    /// Currencies that lack a rate, each in a sentence.
    pub unrated: Vec<String>,
    /// Accounts in no figure above, since a contract of theirs has no rate; `null` where there are none.
    pub left_out: Option<Unknown>,
    /// Accounts of which several sources say something else, on the last day.
    pub contradictions: Vec<Disagreement>,
}

/// Several sources that do not say the same of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The account.
    pub account_id: i64,
    /// What is counted.
    pub counted_cents: i64,
    /// What each source says, those that count first.
    pub said: Vec<SourceSaid>,
}

/// What one source says of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceSaid {
    /// The source; `null` where a person typed it.
    pub source_id: Option<i64>,
    /// The amount by its word.
    pub cents: i64,
    /// Whether it counts.
    pub counts: bool,
    /// When it last said something else than before.
    pub said_at: Instant,
}

/// Movements and metrics over a span.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// What the span is called.
    pub span: String,
    /// The movements.
    pub movements: Movements,
    /// Paying accounts.
    pub logos: Logos,
    /// Every definition's figure, by key; `null` where it is undefined.
    pub metrics: BTreeMap<&'static str, Metric>,
    /// ARR by who looks after it at the closing; `null` where nobody knows who did.
    pub arr_per_csm: Option<PerCsmFigure>,
}

/// What recurs with the accounts of a CSM, in the middle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PerCsmFigure {
    /// The version of the definition.
    pub version: u32,
    /// The figure, minor units; undefined where nobody looks after anything.
    pub cents: Option<i64>,
    /// People who look after a paying account.
    pub csms: usize,
    /// Paying accounts they look after.
    pub accounts: usize,
    /// What recurs with accounts that nobody looks after.
    pub nobodys_cents: i64,
    /// The formula in words.
    pub formula: &'static str,
    /// The formula with its numbers.
    pub arithmetic: String,
}

/// Movements of one product or of contracts in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slice {
    /// Which.
    pub name: String,
    /// What moved.
    pub movements: Movements,
}

/// Movements in minor units: losses are positive numbers, as in `opening + new + … − contraction − churn = closing`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the kinds of movement, which `domain::revenue::Kind` explains")]
#[expect(clippy::struct_field_names, reason = "units stand in names, and all of these are minor units")]
pub struct Movements {
    pub opening_cents: i64,
    pub new_cents: i64,
    pub reactivation_cents: i64,
    pub expansion_cents: i64,
    pub contraction_cents: i64,
    pub churn_cents: i64,
    /// Signed.
    pub price_cents: i64,
    /// Signed; zero over a whole book.
    pub transfer_cents: i64,
    /// Signed.
    pub fx_cents: i64,
    /// What rounding to minor units leaves, so that the row adds up as it is printed.
    pub rounding_cents: i64,
    pub closing_cents: i64,
    /// Expansion less contraction, by what was bought.
    pub seat_cents: i64,
    pub feature_cents: i64,
    pub use_case_cents: i64,
    pub organisation_cents: i64,
}

/// Paying accounts over a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of `domain::revenue::Logos`")]
pub struct Logos {
    pub opening: usize,
    pub new: usize,
    pub reactivated: usize,
    pub churned: usize,
    pub moved_in: usize,
    pub moved_out: usize,
    pub closing: usize,
}

/// One definition's figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metric {
    /// The version of the definition.
    pub version: u32,
    /// The figure: a share of one, or a ratio.
    pub value: Option<f64>,
    /// What a month's share comes to in a year at the same pace, by the right power; only for single months.
    pub annual: Option<f64>,
    /// `share` or `ratio`.
    pub unit: &'static str,
    /// The formula in words.
    pub formula: String,
    /// The formula with its numbers.
    pub arithmetic: String,
}

/// One line of a cohort table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CohortRow {
    /// First day of the cohort's period.
    pub starts: Day,
    /// Accounts in it.
    pub accounts: usize,
    /// What they paid at first.
    pub opening_cents: i64,
    /// Shares of it that are left after the first period and each further one that has ended.
    pub revenue: Vec<Option<f64>>,
    /// Shares of the accounts that still pay.
    pub logos: Vec<Option<f64>>,
}

/// Terms that were due in the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of `domain::revenue::DueBase`")]
pub struct Renewals {
    pub due: usize,
    pub due_cents: i64,
    pub overdue_cents: i64,
    pub unrated: usize,
    pub gross: Option<f64>,
    pub net: Option<f64>,
    pub on_time: Option<f64>,
    pub early: Option<f64>,
    pub late: Option<f64>,
}

/// Computes the figures of a ledger as a view reads it; amounts without a rate must not be in it.
pub fn report(ledger: &Ledger, view: &View<'_>, ask: &Ask<'_>) -> Report {
    let window = window(ask.months);
    let bridges = ledger.bridges(ask.months, view);
    let retentions: Vec<Retention> = ask.months.iter().map(|month| ledger.retention(*month, view)).collect();
    let tell = Teller { measure: ask.measure, currency: view.currency.as_str() };
    let per_csm = |day| ask.owners.map(|owners| tell.per_csm(&PerCsm::of(ledger, owners, day, view)));
    let measured = ask.months.iter().zip(bridges.iter().zip(&retentions));
    let months = ask.labels.iter().zip(measured).map(|(label, (month, (bridge, retention)))| {
        let measured = Measured { retention, bridge, months: std::slice::from_ref(retention) };
        Figures { arr_per_csm: per_csm(month.through), ..tell.figures(label, &measured) }
    });
    let (bridge, retention) = (ledger.bridge(window, view), ledger.retention(window, view));
    let label = match ask.labels {
        [] => String::new(),
        [only] => only.clone(),
        [first, .., last] => format!("{first} to {last}"),
    };
    let whole = tell.figures(&label, &Measured { retention: &retention, bridge: &bridge, months: &retentions });
    let whole = Figures { arr_per_csm: per_csm(window.through), ..whole };
    let contradictions = ledger.contradictions(window.through, view);
    let cohorts = |grain| ledger.cohorts(grain, window.through, view).iter().map(|row| tell.cohort(row)).collect();
    let due = ledger.renewals(window, ask.as_of, Sensitivity::default(), view);
    let (once, refunded) = ledger.once(window, view);
    let faults = ledger.accounts().iter().flat_map(|account| &account.faults);
    Report {
        currency: view.currency.to_string(),
        measure: ask.measure,
        months: months.collect(),
        window: whole,
        by_product: tell.slices(&ledger.bridges_by(window, view, |product, _| product.to_owned())),
        by_currency: tell.slices(&ledger.bridges_by(window, view, |_, currency| currency.to_string())),
        cohorts_by_month: cohorts(Grain::Month),
        cohorts_by_quarter: cohorts(Grain::Quarter),
        renewals: Renewals::of(&DueBase::of(&due), ask.measure),
        once_cents: once.cents(),
        refunded_cents: refunded.cents(),
        faults: faults.map(told).collect(),
        unrated: Vec::new(),
        left_out: None,
        contradictions: contradictions.iter().map(|it| tell.contradiction(it)).collect(),
    }
}

/// A fault as it is read by people.
pub(super) fn told(fault: &Fault) -> String {
    let Fault { account_id, subscription_id, item_id, wrong } = fault;
    match item_id {
        Some(item_id) => format!("account {account_id}, item {item_id}: it {wrong}"),
        None => format!("account {account_id}, contract {subscription_id}: it {wrong}"),
    }
}

/// From the opening of the first span to the closing of the last.
pub fn window(months: &[Span]) -> Span {
    let end = |span: Option<&Span>, day: fn(&Span) -> Day| span.map_or(Day::MIN, day);
    Span { after: end(months.first(), |span| span.after), through: end(months.last(), |span| span.through) }
}

/// How amounts are told.
#[derive(Debug, Clone, Copy)]
struct Teller<'a> {
    measure: Measure,
    currency: &'a str,
}

impl Teller<'_> {
    fn cents(self, arr: Arr) -> i64 {
        self.measure.cents(arr)
    }

    fn money(self, arr: Arr) -> String {
        domain::money::Money { cents: self.cents(arr), currency: self.currency.to_owned() }.to_string()
    }

    fn figures(self, span: &str, measured: &Measured<'_>) -> Figures {
        let logos = measured.bridge.logos;
        Figures {
            span: span.to_owned(),
            movements: self.movements(measured.bridge),
            logos: Logos {
                opening: logos.opening,
                new: logos.new,
                reactivated: logos.reactivated,
                churned: logos.churned,
                moved_in: logos.moved_in,
                moved_out: logos.moved_out,
                closing: logos.closing(),
            },
            metrics: DEFINITIONS.iter().map(|each| (each.key, self.metric(each, measured))).collect(),
            arr_per_csm: None,
        }
    }

    fn per_csm(self, sums: &PerCsm) -> PerCsmFigure {
        PerCsmFigure {
            version: per_csm::VERSION,
            cents: sums.mean().map(|arr| self.cents(arr)),
            csms: sums.csms.len(),
            accounts: sums.accounts(),
            nobodys_cents: self.cents(sums.nobody.1),
            formula: per_csm::FORMULA,
            arithmetic: sums.arithmetic(|arr| self.money(arr)),
        }
    }

    fn contradiction(self, found: &Contradiction) -> Disagreement {
        let said = |it: &Said| SourceSaid {
            source_id: it.source_id,
            cents: self.cents(it.arr),
            counts: it.counts,
            said_at: it.since,
        };
        Disagreement {
            account_id: found.account_id,
            counted_cents: self.cents(found.counted),
            said: found.said.iter().map(said).collect(),
        }
    }

    fn metric(self, definition: &Definition, measured: &Measured<'_>) -> Metric {
        let value = definition.evaluate(measured).map(Ratio::as_f64);
        Metric {
            version: definition.version,
            value,
            annual: value.filter(|_| measured.months.len() == 1).and_then(|month| definition.annualised(month)),
            unit: if definition.is_share() { "share" } else { "ratio" },
            formula: definition.formula(),
            arithmetic: definition.arithmetic(measured, |arr| self.money(arr)),
        }
    }

    fn movements(self, bridge: &Bridge) -> Movements {
        let of = |kind| self.cents(bridge.of(kind));
        let cause = |cause: Cause| self.cents(bridge.by_cause[cause as usize]);
        let told = Movements {
            opening_cents: self.cents(bridge.opening),
            new_cents: of(Kind::New),
            reactivation_cents: of(Kind::Reactivation),
            expansion_cents: of(Kind::Expansion),
            contraction_cents: -of(Kind::Contraction),
            churn_cents: -of(Kind::Churn),
            price_cents: of(Kind::Price),
            transfer_cents: of(Kind::Transfer),
            fx_cents: of(Kind::Fx),
            rounding_cents: 0,
            closing_cents: self.cents(bridge.closing()),
            seat_cents: cause(Cause::Seat),
            feature_cents: cause(Cause::Feature),
            use_case_cents: cause(Cause::UseCase),
            organisation_cents: cause(Cause::Organisation),
        };
        Movements { rounding_cents: told.closing_cents - told.sum(), ..told }
    }

    /// Largest closing first.
    fn slices(self, bridges: &BTreeMap<String, Bridge>) -> Vec<Slice> {
        let slice =
            |(name, bridge): (&String, &Bridge)| Slice { name: name.clone(), movements: self.movements(bridge) };
        let mut slices: Vec<Slice> = bridges.iter().map(slice).collect();
        slices.sort_by_key(|slice| std::cmp::Reverse(slice.movements.closing_cents));
        slices
    }

    fn cohort(self, cohort: &Cohort) -> CohortRow {
        let share = |percent: Option<Percent>| percent.map(Percent::as_f64);
        let ages = 0..cohort.ages.len();
        CohortRow {
            starts: cohort.starts,
            accounts: cohort.accounts,
            opening_cents: self.cents(cohort.opening),
            revenue: ages.clone().map(|age| share(cohort.revenue(age))).collect(),
            logos: ages.map(|age| share(cohort.logos(age))).collect(),
        }
    }
}

impl Renewals {
    /// What a base of terms that were due comes to, told by the year or by the month.
    pub fn of(base: &DueBase, measure: Measure) -> Self {
        let share = |percent: Option<Percent>| percent.map(Percent::as_f64);
        Self {
            due: base.count,
            due_cents: measure.cents(base.due),
            overdue_cents: measure.cents(base.overdue),
            unrated: base.unrated,
            gross: share(base.gross_rate()),
            net: share(base.net_rate()),
            on_time: share(base.on_time_rate()),
            early: share(base.early_rate()),
            late: share(base.late_rate()),
        }
    }
}

impl Movements {
    /// What the parts add up to.
    pub fn sum(&self) -> i64 {
        self.opening_cents + self.new_cents + self.reactivation_cents + self.expansion_cents
            - self.contraction_cents
            - self.churn_cents
            + self.price_cents
            + self.transfer_cents
            + self.fx_cents
            + self.rounding_cents
    }
}
