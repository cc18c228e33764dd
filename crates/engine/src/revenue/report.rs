//! Movements, retention, cohorts and renewals of a ledger over months, in one currency: what `pomona revenue`, the API and
//! the page show. All three print this value, so that they cannot disagree; money is whole minor units, and where a unit
//! was divided the rounding is a figure of its own.

use std::collections::BTreeMap;

use domain::{
    Day,
    revenue::{
        Arr, Bridge, Cause, Cohort, DEFINITIONS, Definition, DueBase, Grain, Kind, Ledger, Measured, Percent, Ratio,
        Renewal, Retention, Sensitivity, Span, View,
    },
};
use serde::Serialize;

/// Whether money is told by the year or by the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Annual recurring revenue.
    Arr,
    /// Monthly recurring revenue, a twelfth of it.
    Mrr,
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
    /// What is left of the accounts that began together, by month.
    pub cohorts_by_month: Vec<CohortRow>,
    /// The same by quarter.
    pub cohorts_by_quarter: Vec<CohortRow>,
    /// The terms that were due.
    pub renewals: Renewals,
    /// Items that are wrong or contradict each other, by account id.
    pub faults: Vec<String>,
    /// Currencies left out for want of a rate.
    pub unrated: Vec<String>,
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
    pub gross: Option<f64>,
    pub net: Option<f64>,
    pub on_time: Option<f64>,
    pub early: Option<f64>,
    pub late: Option<f64>,
}

/// Computes the figures of a ledger as a view reads it.
pub fn report(ledger: &Ledger, view: &View<'_>, ask: &Ask<'_>) -> Report {
    let window = window(ask.months);
    let bridges = ledger.bridges(ask.months, view);
    let retentions: Vec<Retention> = ask.months.iter().map(|month| ledger.retention(*month, view)).collect();
    let tell = Teller { measure: ask.measure, currency: view.currency.as_str() };
    let months = ask.labels.iter().zip(bridges.iter().zip(&retentions)).map(|(label, (bridge, retention))| {
        tell.figures(label, &Measured { retention, bridge, months: std::slice::from_ref(retention) })
    });
    let (bridge, retention) = (ledger.bridge(window, view), ledger.retention(window, view));
    let label = match ask.labels {
        [] => String::new(),
        [only] => only.clone(),
        [first, .., last] => format!("{first} to {last}"),
    };
    let whole = tell.figures(&label, &Measured { retention: &retention, bridge: &bridge, months: &retentions });
    let cohorts = |grain| ledger.cohorts(grain, window.through, view).iter().map(|row| tell.cohort(row)).collect();
    let due = ledger.renewals(window, ask.as_of, Sensitivity::default(), view);
    let faults = ledger.accounts().iter().flat_map(|account| &account.faults);
    Report {
        currency: view.currency.to_string(),
        measure: ask.measure,
        months: months.collect(),
        window: whole,
        cohorts_by_month: cohorts(Grain::Month),
        cohorts_by_quarter: cohorts(Grain::Quarter),
        renewals: tell.renewals(&due),
        faults: faults
            .map(|fault| format!("account {}, item {}: it {}", fault.account_id, fault.item_id, fault.wrong))
            .collect(),
        unrated: ledger.unrated(window, view).iter().map(ToString::to_string).collect(),
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
        match self.measure {
            Measure::Arr => arr.cents(),
            Measure::Mrr => arr.monthly_cents(),
        }
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
        }
    }

    fn metric(self, definition: &Definition, measured: &Measured<'_>) -> Metric {
        Metric {
            version: definition.version,
            value: definition.evaluate(measured).map(Ratio::as_f64),
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

    fn renewals(self, due: &[Renewal]) -> Renewals {
        let base = DueBase::of(due);
        let share = |percent: Option<Percent>| percent.map(Percent::as_f64);
        Renewals {
            due: base.count,
            due_cents: self.cents(base.due),
            overdue_cents: self.cents(base.overdue),
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
