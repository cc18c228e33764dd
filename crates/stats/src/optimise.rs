//! Minimises a smooth function of a few parameters inside a box, by Newton steps in a trust region.
//! An [`Evaluation`] carries value, gradient and exact Hessian; a [`Minimum`] says where the search ended and
//! which parameters sit on the box. There is no derivative-free search here: every model of this crate has its
//! derivatives, and stopping at the noise floor of the sum matters more than the last digit of a step.

use crate::error::Error;
use crate::linear::Matrix;

/// A function's value with its first and second derivatives.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
    pub(crate) hessian: Matrix,
}

impl Evaluation {
    /// All zeros.
    pub(crate) fn zeros(size: usize) -> Self {
        Self { value: 0.0, gradient: vec![0.0; size], hessian: Matrix::zeros(size) }
    }

    /// Adds a multiple of another evaluation.
    pub(crate) fn add_scaled(&mut self, factor: f64, other: &Self) {
        self.value += factor * other.value;
        for (a, b) in self.gradient.iter_mut().zip(&other.gradient) {
            *a += factor * b;
        }
        self.hessian.add_scaled(factor, &other.hessian);
    }

    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient.iter().all(|g| g.is_finite()) && self.hessian.is_finite()
    }
}

/// The box and the patience.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search {
    /// Lower and upper bound of every coordinate.
    pub(crate) bounds: (f64, f64),
    /// The largest gradient component that counts as zero.
    pub(crate) tolerance: f64,
    /// Evaluations after which the search gives up.
    pub(crate) patience: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { bounds: (-14.0, 14.0), tolerance: 1e-9, patience: 300 }
    }
}

/// Where a search ended.
#[derive(Debug, Clone)]
pub(crate) struct Minimum {
    pub(crate) at: Vec<f64>,
    pub(crate) evaluation: Evaluation,
    /// Which coordinates rest on the box.
    pub(crate) on_bound: Vec<bool>,
    pub(crate) evaluations: usize,
}

/// Minimises `f` from `start`. `what` names the model in the error.
pub(crate) fn minimise(
    what: &'static str,
    start: &[f64],
    search: Search,
    f: impl Fn(&[f64]) -> Evaluation,
) -> Result<Minimum, Error> {
    let (low, high) = search.bounds;
    let mut at: Vec<f64> = start.iter().map(|x| x.clamp(low, high)).collect();
    let mut now = f(&at);
    let mut radius = 1.0;
    for evaluations in 1..search.patience {
        if !now.is_finite() {
            return Err(Error::NoConvergence { what, evaluations });
        }
        let on_bound = resting(&at, &now.gradient, search.bounds);
        let free: Vec<usize> = (0..at.len()).filter(|&i| !on_bound[i]).collect();
        let steepest = steepness(&now, &free);
        if steepest <= search.tolerance {
            return Ok(Minimum { at, evaluation: now, on_bound, evaluations });
        }
        let (step, promised) = newton_step(&now, &free, radius);
        let next_at: Vec<f64> = at.iter().zip(&step).map(|(x, s)| (x + s).clamp(low, high)).collect();
        let next = f(&next_at);
        let gain = now.value - next.value;
        let noise = 4.0 * f64::EPSILON * (1.0 + now.value.abs());
        let length = step.iter().map(|s| s * s).sum::<f64>().sqrt();
        if promised <= noise || (length < 1e-12 && gain.abs() <= noise) {
            // The value can no longer tell the points apart; the gradient still can.
            let closer = next.is_finite() && steepness(&next, &free) < steepest;
            let (at, evaluation) = if closer { (next_at, next) } else { (at, now) };
            let on_bound = resting(&at, &evaluation.gradient, search.bounds);
            return Ok(Minimum { at, evaluation, on_bound, evaluations });
        }
        if next.is_finite() && gain > 1e-4 * promised {
            radius = if gain > 0.75 * promised { (2.0 * length).max(radius) } else { radius };
            (at, now) = (next_at, next);
        } else {
            radius = 0.25 * length.min(radius);
            if radius < 1e-14 {
                return Ok(Minimum { at, evaluation: now, on_bound, evaluations });
            }
        }
    }
    Err(Error::NoConvergence { what, evaluations: search.patience })
}

/// The largest gradient component among the free coordinates.
fn steepness(at: &Evaluation, free: &[usize]) -> f64 {
    free.iter().map(|&i| at.gradient[i].abs()).fold(0.0, f64::max)
}

/// Coordinates on the box whose gradient pushes outwards.
fn resting(at: &[f64], gradient: &[f64], (low, high): (f64, f64)) -> Vec<bool> {
    at.iter().zip(gradient).map(|(&x, &g)| (x <= low && g > 0.0) || (x >= high && g < 0.0)).collect()
}

/// The minimiser of the quadratic model within `radius`, over the free coordinates, and the decrease it promises.
fn newton_step(now: &Evaluation, free: &[usize], radius: f64) -> (Vec<f64>, f64) {
    let reduced = Matrix::from_fn(free.len(), |i, j| now.hessian[(free[i], free[j])]);
    let (values, vectors) = reduced.eigen();
    let slopes: Vec<f64> =
        (0..free.len()).map(|k| (0..free.len()).map(|i| vectors[(i, k)] * now.gradient[free[i]]).sum()).collect();
    let along = |shift: f64| -> Vec<f64> { slopes.iter().zip(&values).map(|(g, l)| -g / (l + shift)).collect() };
    let length = |s: &[f64]| s.iter().map(|x| x * x).sum::<f64>().sqrt();
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let floor = if lowest > 1e-13 * largest { 0.0 } else { -lowest + 1e-13 * largest + f64::MIN_POSITIVE };
    let mut step = along(floor);
    if length(&step) > radius {
        let (mut low, mut high) = (floor, floor + length(&slopes) / radius + largest);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if length(&along(middle)) > radius { low = middle } else { high = middle }
        }
        step = along(high);
    }
    let promised = -slopes.iter().zip(&values).zip(&step).map(|((g, l), s)| g * s + 0.5 * l * s * s).sum::<f64>();
    let mut full = vec![0.0; now.gradient.len()];
    for (i, &index) in free.iter().enumerate() {
        full[index] = (0..free.len()).map(|k| vectors[(i, k)] * step[k]).sum();
    }
    (full, promised)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::{Jet, Real};

    fn evaluate(jet: Jet<2>) -> Evaluation {
        Evaluation {
            value: jet.value,
            gradient: jet.gradient.to_vec(),
            hessian: Matrix::from_fn(2, |i, j| jet.hessian[i][j]),
        }
    }

    #[test]
    fn finds_the_bottom_of_a_curved_valley() {
        // Rosenbrock's function.
        let found = minimise("valley", &[-1.2, 1.0], Search::default(), |at| {
            let (x, y) = (Jet::<2>::variable(at[0], 0), Jet::variable(at[1], 1));
            let (u, v) = (y - x * x, Jet::constant(1.0) - x);
            evaluate(u * u * 100.0 + v * v)
        })
        .unwrap();
        assert!((found.at[0] - 1.0).abs() < 1e-8 && (found.at[1] - 1.0).abs() < 1e-8);
        assert!(found.evaluations < 60);
    }

    #[test]
    fn rests_on_the_box_where_the_minimum_is_outside() {
        let found = minimise("slope", &[0.0, 0.0], Search::default(), |at| {
            let (x, y) = (Jet::<2>::variable(at[0], 0), Jet::variable(at[1], 1));
            evaluate(x.exp() + (y - 2.0) * (y - 2.0))
        })
        .unwrap();
        assert_eq!(found.on_bound, [true, false]);
        assert!((found.at[1] - 2.0).abs() < 1e-9);
    }
}
