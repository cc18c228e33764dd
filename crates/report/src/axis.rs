//! Where a value lies on the paper: round ticks, vertical scale, thinned labels, labels that make room for each other.
//!
//! Everything here is arithmetic on numbers and text lengths; nothing is drawn. Logarithmic and date axes are absent:
//! periods are categories with labels.

/// A vertical scale from data to the paper.
#[derive(Clone, Debug)]
pub(crate) struct Vertical {
    low: f64,
    high: f64,
    top: f64,
    bottom: f64,
    /// Round values to label, from low to high.
    pub(crate) ticks: Vec<f64>,
}

impl Vertical {
    /// A scale whose ends are round numbers around `low..high`, drawn from `bottom` up to `top`.
    pub(crate) fn rounded(low: f64, high: f64, top: f64, bottom: f64) -> Self {
        let (low, high) = if high > low { (low, high) } else { (low.min(high), low.max(high) + 1.0) };
        let step = round_step((high - low) / 4.0);
        let from = (low / step + 1e-9).floor();
        let to = (high / step - 1e-9).ceil();
        let ticks: Vec<f64> = (from as i64..=to as i64).map(|tick| tick as f64 * step).collect();
        Self { low: from * step, high: to * step, top, bottom, ticks }
    }

    /// A scale with the given ends and round ticks inside.
    pub(crate) fn fixed(low: f64, high: f64, top: f64, bottom: f64) -> Self {
        let mut scale = Self::rounded(low, high, top, bottom);
        if high > low {
            let slack = (high - low) * 1e-9;
            scale.ticks.retain(|tick| *tick >= low - slack && *tick <= high + slack);
            (scale.low, scale.high) = (low, high);
        }
        scale
    }

    /// The height on the paper; a value outside is drawn at the edge.
    pub(crate) fn y(&self, value: f64) -> f64 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        self.bottom - share * (self.bottom - self.top)
    }
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `raw`.
fn round_step(raw: f64) -> f64 {
    let magnitude = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 2.5, 5.0]
        .map(|m| m * magnitude)
        .into_iter()
        .find(|step| *step >= raw * (1.0 - 1e-9))
        .unwrap_or(10.0 * magnitude)
}

/// About how wide `text` is at the size of a tick label.
pub(crate) fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * 6.4
}

/// The widest of `texts`, zero when there are none.
pub(crate) fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> f64 {
    texts.map(text_width).fold(0.0, f64::max)
}

/// How many periods apart labels of `width` must be so that `count` of them fit into `room`; the last always shows.
pub(crate) fn every(count: usize, width: f64, room: f64) -> usize {
    let step = room / count.max(1) as f64;
    ((width + 8.0) / step.max(1e-6)).ceil().max(1.0) as usize
}

/// Moves wished heights apart so that neighbours are `gap` apart inside `top..bottom`, keeping their order.
pub(crate) fn apart(wished: &[f64], gap: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wished.len()).collect();
    order.sort_by(|a, b| wished[*a].total_cmp(&wished[*b]));
    let mut placed = wished.to_vec();
    let mut floor = top;
    for index in &order {
        placed[*index] = placed[*index].max(floor);
        floor = placed[*index] + gap;
    }
    let mut ceiling = bottom;
    for index in order.iter().rev() {
        placed[*index] = placed[*index].min(ceiling);
        ceiling = placed[*index] - gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round_and_surround_the_data() {
        assert_eq!(Vertical::rounded(0.0, 93.0, 0.0, 100.0).ticks, [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(Vertical::rounded(-120.0, 30.0, 0.0, 100.0).ticks, [-150.0, -100.0, -50.0, 0.0, 50.0]);
        assert_eq!(Vertical::fixed(30.0, 100.0, 0.0, 100.0).ticks, [40.0, 60.0, 80.0, 100.0]);
        assert_eq!(Vertical::rounded(5.0, 5.0, 0.0, 100.0).ticks.first(), Some(&5.0));
    }

    #[test]
    fn labels_are_thinned_to_what_fits() {
        assert_eq!(every(12, 20.0, 440.0), 1);
        assert_eq!(every(24, 20.0, 440.0), 2);
        assert_eq!(every(0, 20.0, 440.0), 1);
    }

    #[test]
    fn labels_that_wish_the_same_place_stand_apart() {
        assert_eq!(apart(&[50.0, 50.0, 10.0], 14.0, 0.0, 100.0), [50.0, 64.0, 10.0]);
        assert_eq!(apart(&[98.0, 99.0], 14.0, 0.0, 100.0), [86.0, 100.0]);
    }

    proptest! {
        #[test]
        fn every_value_stays_on_the_paper(low in -1e9..1e9f64, span in 1e-3..1e9f64, at in -2.0..3.0f64) {
            let scale = Vertical::rounded(low, low + span, 10.0, 200.0);
            let y = scale.y(low + at * span);
            prop_assert!((10.0..=200.0).contains(&y));
            prop_assert!(scale.ticks.len() <= 8, "{:?}", scale.ticks);
        }
    }
}
