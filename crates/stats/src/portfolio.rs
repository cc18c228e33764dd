//! The future of many amounts together, drawn path by path: units leave by their own chances, those that stay change by
//! the changes that were seen, others arrive, and in every period all of them share the factors of [`Common`].
//!
//! The nouns: a [`Unit`] is an amount with its cumulative hazard in each period; [`Changes`] are past changes with their
//! rate; [`Arrivals`] are amounts that came with theirs; a [`Flow`] is what a path did between two checkpoints. Amounts are
//! whole numbers from beginning to end, so a flow adds up exactly and every quantile is an amount that occurred on a path.
//! Everything follows from the seed; exits are drawn from a stream of their own, one draw for each unit, so that in two
//! portfolios that differ in one hazard all other units leave alike. Absent: a closed form for the sum, which shared
//! factors do not have.

use crate::{
    random::{Seeded, Uniforms, exponential},
    shock::Common,
};

/// Past changes of similar amounts among which one is drawn.
const SIMILAR: usize = 24;

/// An amount that may leave.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// How much it is.
    pub amount: i64,
    /// Its cumulative hazard within each period ahead, `-ln(1 - chance)`; infinite where it is certain to leave.
    pub hazards: Vec<f64>,
    /// By how much likelier than the mean it is to grow.
    pub growth: f64,
}

/// How amounts of units that stay change.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Changes per unit and period.
    pub rate: f64,
    /// What all units have in common.
    pub common: Common,
    /// Amounts before and after, by the amount before.
    seen: Vec<(i64, i64)>,
}

/// Amounts that arrive.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    /// Arrivals per period.
    pub rate: f64,
    /// What they have in common.
    pub common: Common,
    /// Amounts that arrived in the past.
    pub amounts: Vec<i64>,
    /// Their cumulative hazard in each period after the one they arrive in.
    pub hazard: f64,
}

/// Everything that is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Portfolio {
    /// The amounts there are.
    pub units: Vec<Unit>,
    /// What they have in common in leaving.
    pub common: Common,
    /// Changes to more.
    pub up: Changes,
    /// Changes to less.
    pub down: Changes,
    /// What comes.
    pub arrivals: Arrivals,
}

/// What happened on a path from one checkpoint to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// Amounts that arrived.
    pub arrived: i64,
    /// Changes to more.
    pub up: i64,
    /// Changes to less, positive.
    pub down: i64,
    /// Amounts that left, positive.
    pub lost: i64,
    /// How many left of those there were at the beginning of the path.
    pub exits: u32,
    /// What there is in the end.
    pub closing: i64,
    /// Of that, what those there were at the beginning of the path are.
    pub retained: i64,
}

impl Changes {
    /// Changes seen, before and after, at a rate; amounts of zero or less before are left out.
    pub fn new(rate: f64, common: Common, seen: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut seen: Vec<(i64, i64)> = seen.into_iter().filter(|(before, _)| *before > 0).collect();
        seen.sort_unstable();
        let rate = if seen.is_empty() { 0.0 } else { rate };
        Self { rate, common, seen }
    }

    /// How many there are to draw from.
    pub fn seen(&self) -> usize {
        self.seen.len()
    }

    /// Changes seen of similar amounts.
    fn similar(&self, amount: i64) -> &[(i64, i64)] {
        let around = self.seen.partition_point(|(before, _)| *before < amount);
        let first = around.saturating_sub(SIMILAR / 2).min(self.seen.len().saturating_sub(SIMILAR));
        &self.seen[first..(first + SIMILAR).min(self.seen.len())]
    }

    /// By how much an amount changes on average when it does.
    pub fn mean_change(&self, amount: i64) -> f64 {
        let similar = self.similar(amount);
        let share = similar.iter().map(|(before, after)| *after as f64 / *before as f64 - 1.0).sum::<f64>();
        amount as f64 * share / similar.len().max(1) as f64
    }

    /// An amount after a change: one seen of a similar amount, in proportion.
    fn apply(&self, amount: i64, source: &mut impl Uniforms) -> i64 {
        let similar = self.similar(amount);
        let Some((before, after)) = similar.get(place(similar.len(), source)) else { return amount };
        let scaled = i128::from(amount) * i128::from(*after) / i128::from(*before);
        i64::try_from(scaled).unwrap_or(i64::MAX).max(1)
    }
}

/// A position among so many, each as likely.
fn place(count: usize, source: &mut impl Uniforms) -> usize {
    ((source.uniform() * count as f64) as usize).min(count.saturating_sub(1))
}

/// Cumulative sums of a rate under the factors of a path.
fn cumulative(rate: f64, factors: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let add = |factor: &f64| {
        sum += rate * factor;
        sum
    };
    factors.iter().map(add).collect()
}

/// The factors of one path, and the sums that follow from them.
struct Weather {
    leaving: Vec<f64>,
    worst: f64,
    up: Vec<f64>,
    down: Vec<f64>,
    arriving: Vec<f64>,
}

/// What a unit does on a path: period by period, the amount after the period.
struct Life<'a> {
    weather: &'a Weather,
    spans: &'a [u32],
    flows: &'a mut [Flow],
}

impl Portfolio {
    /// Draws paths. A checkpoint stands after each number of periods in `ends`, which increase; the answer holds, for each
    /// checkpoint, the flows of all paths since the one before.
    pub fn simulate(&self, ends: &[u32], paths: usize, seed: u64) -> Vec<Vec<Flow>> {
        let periods = ends.last().copied().unwrap_or(0) as usize;
        let mut checkpoints = vec![vec![Flow::default(); paths]; ends.len()];
        let mut flows = vec![Flow::default(); ends.len()];
        let totals: Vec<f64> = self.units.iter().map(|unit| unit.hazards.iter().sum()).collect();
        for path in 0..paths {
            let mut streams = Streams::new(seed, path);
            let weather = self.weather(periods, &mut streams.weather);
            flows.fill(Flow::default());
            let mut life = Life { weather: &weather, spans: ends, flows: &mut flows };
            for (unit, total) in self.units.iter().zip(&totals) {
                self.live(&mut life, unit, *total, &mut streams);
            }
            self.arrive(&mut life, &mut streams.arrivals);
            for (checkpoint, flow) in checkpoints.iter_mut().zip(&flows) {
                checkpoint[path] = *flow;
            }
        }
        checkpoints
    }

    fn weather(&self, periods: usize, source: &mut Seeded) -> Weather {
        let leaving = self.common.draw(periods, source);
        Weather {
            worst: leaving.iter().copied().fold(0.0, f64::max),
            leaving,
            up: cumulative(self.up.rate, &self.up.common.draw(periods, source)),
            down: cumulative(self.down.rate, &self.down.common.draw(periods, source)),
            arriving: self.arrivals.common.draw(periods, source),
        }
    }

    /// One unit from the beginning to its exit or the end.
    fn live(&self, life: &mut Life<'_>, unit: &Unit, total: f64, streams: &mut Streams) {
        let mut left = exponential(&mut streams.exits, 1.0);
        // Most stay, and even the worst month in all months would not have made them leave.
        let exit = if left > total * life.weather.worst {
            None
        } else {
            unit.hazards.iter().zip(&life.weather.leaving).position(|(hazard, factor)| {
                left -= hazard * factor;
                left <= 0.0
            })
        };
        let source = &mut streams.changes;
        let mut up = exponential(source, unit.growth);
        let mut down = exponential(source, 1.0);
        let mut amount = unit.amount;
        let mut since = 0;
        loop {
            let (rise, fall) = (crossing(&life.weather.up, up), crossing(&life.weather.down, down));
            let next = rise.unwrap_or(usize::MAX).min(fall.unwrap_or(usize::MAX));
            let over = exit.unwrap_or(usize::MAX);
            if next >= over || next == usize::MAX {
                life.hold(amount, since, over);
                return life.leave(amount, exit);
            }
            life.hold(amount, since, next);
            since = next;
            let before = amount;
            if rise == Some(next) {
                amount = self.up.apply(amount, source);
                up += exponential(source, unit.growth);
                life.at(next, |flow| flow.up += amount - before);
            } else {
                amount = self.down.apply(amount, source);
                down += exponential(source, 1.0);
                life.at(next, |flow| flow.down += before - amount);
            }
        }
    }

    /// Everything that arrives on a path, and what of it leaves again.
    fn arrive(&self, life: &mut Life<'_>, source: &mut Seeded) {
        if self.arrivals.amounts.is_empty() {
            return;
        }
        for period in 0..life.weather.arriving.len() {
            let rate = self.arrivals.rate * life.weather.arriving[period];
            let mut waited = exponential(source, 1.0);
            while waited < rate {
                waited += exponential(source, 1.0);
                let amount = self.arrivals.amounts[place(self.arrivals.amounts.len(), source)];
                let mut left = exponential(source, 1.0);
                let later = life.weather.leaving[period + 1..].iter();
                let exit = later.enumerate().find_map(|(months, factor)| {
                    left -= self.arrivals.hazard * factor;
                    (left <= 0.0).then_some(period + 1 + months)
                });
                life.at(period, |flow| flow.arrived += amount);
                life.newcomer(amount, period, exit);
            }
        }
    }
}

impl Life<'_> {
    /// The flow of a period.
    fn at(&mut self, period: usize, change: impl FnOnce(&mut Flow)) {
        let span = self.spans.partition_point(|end| *end as usize <= period);
        if let Some(flow) = self.flows.get_mut(span) {
            change(flow);
        }
    }

    /// Counts an amount at the checkpoints after the periods from one up to another, which is the first it no longer holds.
    fn hold(&mut self, amount: i64, from: usize, to: usize) {
        for (flow, end) in self.flows.iter_mut().zip(self.spans) {
            if from < *end as usize && *end as usize <= to {
                flow.closing += amount;
                flow.retained += amount;
            }
        }
    }

    fn leave(&mut self, amount: i64, exit: Option<usize>) {
        if let Some(period) = exit {
            self.at(period, |flow| {
                flow.lost += amount;
                flow.exits += 1;
            });
        }
    }

    fn newcomer(&mut self, amount: i64, from: usize, exit: Option<usize>) {
        let to = exit.unwrap_or(usize::MAX);
        for (flow, end) in self.flows.iter_mut().zip(self.spans) {
            if from < *end as usize && *end as usize <= to {
                flow.closing += amount;
            }
        }
        if let Some(period) = exit {
            self.at(period, |flow| flow.lost += amount);
        }
    }
}

/// The first period at whose end a cumulative sum has reached a level.
fn crossing(cumulative: &[f64], level: f64) -> Option<usize> {
    let last = cumulative.last().copied().unwrap_or(0.0);
    (level <= last).then(|| cumulative.partition_point(|sum| *sum < level))
}

/// Sources of one path, one for each question, so that one answer more does not change the others.
struct Streams {
    weather: Seeded,
    exits: Seeded,
    changes: Seeded,
    arrivals: Seeded,
}

impl Streams {
    fn new(seed: u64, path: usize) -> Self {
        // Seeds of streams are far apart in the state they are spread over (SplitMix64).
        let of = |stream: u64| Seeded::new(seed ^ ((path as u64) << 2 | stream).wrapping_mul(0xd134_2543_de82_ef95));
        Self { weather: of(0), exits: of(1), changes: of(2), arrivals: of(3) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn still() -> Changes {
        Changes::new(0.0, Common::none(), [])
    }

    fn portfolio(units: Vec<Unit>) -> Portfolio {
        let arrivals = Arrivals { rate: 0.0, common: Common::none(), amounts: Vec::new(), hazard: 0.0 };
        Portfolio { units, common: Common::none(), up: still(), down: still(), arrivals }
    }

    fn unit(amount: i64, hazard: f64) -> Unit {
        Unit { amount, hazards: vec![hazard; 12], growth: 1.0 }
    }

    #[test]
    fn every_path_adds_up_to_the_cent() {
        let mut all = portfolio((1..40).map(|at| unit(at * 1_001, 0.05)).collect());
        all.up = Changes::new(0.1, Common::none(), [(300, 400), (20_000, 20_001)]);
        all.down = Changes::new(0.1, Common::none(), [(300, 100), (20_000, 3)]);
        all.arrivals = Arrivals { rate: 2.0, common: Common::none(), amounts: vec![7, 1_003], hazard: 0.1 };
        let flows = all.simulate(&[3, 6, 9, 12], 50, 1);
        let opening: i64 = all.units.iter().map(|unit| unit.amount).sum();
        for path in 0..50 {
            let mut before = opening;
            for span in &flows {
                let Flow { arrived, up, down, lost, closing, retained, .. } = span[path];
                assert_eq!(before + arrived + up - down - lost, closing, "path {path}");
                assert!(retained <= closing && up >= 0 && down >= 0);
                before = closing;
            }
        }
        assert_eq!(flows, all.simulate(&[3, 6, 9, 12], 50, 1));
        assert_ne!(flows, all.simulate(&[3, 6, 9, 12], 50, 2));
    }

    #[test]
    fn the_certain_leave_and_the_safe_stay() {
        let mut certain = unit(500, 0.0);
        certain.hazards[4] = f64::INFINITY;
        let flows = portfolio(vec![certain, unit(70, 0.0)]).simulate(&[3, 6], 10, 3);
        assert!(flows[0].iter().all(|flow| flow.closing == 570 && flow.lost == 0));
        assert!(flows[1].iter().all(|flow| flow.closing == 70 && flow.lost == 500 && flow.exits == 1));
    }

    #[test]
    fn mean_loss_is_the_chance_of_each_unit() {
        let all = portfolio((0..200).map(|_| unit(10, 0.03)).collect());
        let flows = all.simulate(&[12], 400, 9);
        let mean = flows[0].iter().map(|flow| f64::from(flow.exits)).sum::<f64>() / 400.0;
        let chance = 1.0 - (-0.36_f64).exp();
        assert!((mean - 200.0 * chance).abs() < 1.5, "{mean}");
    }

    #[test]
    fn one_unit_more_leaves_the_exits_of_those_before_it_alone() {
        let few = portfolio((0..30).map(|_| unit(10, 0.05)).collect());
        let more = portfolio((0..31).map(|at| unit(if at == 30 { 0 } else { 10 }, 0.05)).collect());
        let lost = |all: &Portfolio| all.simulate(&[12], 20, 4)[0].iter().map(|flow| flow.lost).collect::<Vec<_>>();
        assert_eq!(lost(&few), lost(&more));
    }

    #[test]
    fn changes_are_drawn_from_similar_amounts() {
        let small = (0..100).map(|at| (100 + at, 200 + 2 * at));
        let large = (0..100).map(|at| (1_000_000 + at, 1_100_000 + at));
        let changes = Changes::new(1.0, Common::none(), small.chain(large));
        let mut source = Seeded::new(8);
        for _ in 0..100 {
            assert_eq!(changes.apply(120, &mut source), 240);
            let after = changes.apply(2_000_000, &mut source);
            assert!((2_190_000..2_210_000).contains(&after), "{after}");
        }
        assert!((changes.mean_change(120) - 120.0).abs() < 1e-9);
    }
}
