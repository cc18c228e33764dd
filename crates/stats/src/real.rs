//! One formula, three kinds of number: `f64` for values, [`Dual`] for values with their gradient, [`Jet`] for
//! values with gradient and Hessian. This is forward differentiation, exact to rounding, and it exists so that
//! a likelihood or a prediction is written once and its standard errors cannot disagree with it. It is not a
//! general numeric tower: only the operations these models use are here.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::special::gamma;

/// A real number that may carry derivatives with respect to a few parameters.
pub(crate) trait Real:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
{
    /// Whether derivatives are carried, for what would compute them in vain.
    const HAS_DERIVATIVES: bool = true;

    /// A number that does not depend on the parameters.
    fn constant(value: f64) -> Self;
    /// The value without its derivatives.
    fn value(self) -> f64;
    /// Applies a function given its value and first two derivatives at `self`.
    fn chain(self, value: f64, first: f64, second: f64) -> Self;

    /// Natural logarithm.
    fn ln(self) -> Self {
        let v = self.value();
        self.chain(v.ln(), 1.0 / v, -1.0 / (v * v))
    }
    /// Exponential.
    fn exp(self) -> Self {
        let e = self.value().exp();
        self.chain(e, e, e)
    }
    /// `exp(self) - 1` without cancellation.
    fn exp_m1(self) -> Self {
        let e = self.value().exp();
        self.chain(self.value().exp_m1(), e, e)
    }
    /// `(exp(self) - 1) / self`, which is 1 at 0: how removable poles are removed.
    fn exp_m1_ratio(self) -> Self {
        let v = self.value();
        if v.abs() < 1e-3 {
            // Taylor: Σ v^k/(k+1)! and its derivatives; the next terms are below rounding.
            let value = 1.0 + v * (0.5 + v * (1.0 / 6.0 + v * (1.0 / 24.0 + v * (1.0 / 120.0 + v / 720.0))));
            let first = 0.5 + v * (1.0 / 3.0 + v * (0.125 + v * (1.0 / 30.0 + v / 144.0)));
            let second = 1.0 / 3.0 + v * (0.25 + v * (0.1 + v / 36.0));
            return self.chain(value, first, second);
        }
        let value = v.exp_m1() / v;
        let first = (v.exp() - value) / v;
        self.chain(value, first, (v.exp() - 2.0 * first) / v)
    }
    /// `ln(1 + exp(self))` without overflow; its derivative is the logistic function.
    fn softplus(self) -> Self {
        let v = self.value();
        let p = 1.0 / (1.0 + (-v).exp());
        self.chain(v.max(0.0) + (-v.abs()).exp().ln_1p(), p, p * (1.0 - p))
    }
    /// `1 / (1 + exp(-self))`.
    fn logistic(self) -> Self {
        let p = 1.0 / (1.0 + (-self.value()).exp());
        let d = p * (1.0 - p);
        self.chain(p, d, d * (1.0 - 2.0 * p))
    }
    /// `1 / self`.
    fn recip(self) -> Self {
        let v = 1.0 / self.value();
        self.chain(v, -v * v, 2.0 * v * v * v)
    }
    /// Logarithm of the gamma function.
    fn ln_gamma(self) -> Self {
        let v = self.value();
        self.chain(gamma::ln_gamma(v), gamma::digamma(v), gamma::trigamma(v))
    }
    /// `ln(1 + self)` without cancellation.
    fn ln_1p(self) -> Self {
        let v = self.value();
        let d = 1.0 / (1.0 + v);
        self.chain(v.ln_1p(), d, -d * d)
    }
    /// `ln Γ(self + step) - ln Γ(self)`, also where `self` is so large that the two would cancel.
    fn ln_gamma_step(self, step: Self) -> Self {
        if self.value() < 1e3 {
            return (self + step).ln_gamma() - self.ln_gamma();
        }
        // The difference of two Stirling series; the first term left out is below 1e-18.
        let (from, to) = (self.recip(), (self + step).recip());
        let tail = |w: Self| w * (Self::constant(1.0 / 12.0) - w * w * (1.0 / 360.0));
        (self - 0.5) * (step * from).ln_1p() + step * (self + step).ln() - step + tail(to) - tail(from)
    }
    /// `ln(self (self+1) … (self+n-1))`, the logarithm of the rising factorial.
    fn ln_rising(self, n: u32) -> Self {
        if n > 24 {
            return (self + f64::from(n)).ln_gamma() - self.ln_gamma();
        }
        (0..n).fold(Self::constant(0.0), |sum, k| sum + (self + f64::from(k)).ln())
    }
    /// `ln(1 - exp(self))` for `self < 0`.
    fn ln_one_minus_exp(self) -> Self {
        let v = self.value();
        let q = -v.exp_m1();
        let ratio = v.exp() / q;
        self.chain(if v > -0.7 { q.ln() } else { (-v.exp()).ln_1p() }, -ratio, -ratio / q)
    }
}

impl Real for f64 {
    const HAS_DERIVATIVES: bool = false;

    fn constant(value: f64) -> Self {
        value
    }
    fn value(self) -> f64 {
        self
    }
    fn chain(self, value: f64, _: f64, _: f64) -> Self {
        value
    }
    fn ln_gamma(self) -> Self {
        gamma::ln_gamma(self)
    }
}

/// A value and its gradient with respect to `N` parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dual<const N: usize> {
    pub(crate) value: f64,
    pub(crate) gradient: [f64; N],
}

/// A value, its gradient and its Hessian with respect to `N` parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Jet<const N: usize> {
    pub(crate) value: f64,
    pub(crate) gradient: [f64; N],
    pub(crate) hessian: [[f64; N]; N],
}

impl<const N: usize> Dual<N> {
    /// The `index`-th parameter itself.
    pub(crate) fn variable(value: f64, index: usize) -> Self {
        let mut gradient = [0.0; N];
        gradient[index] = 1.0;
        Self { value, gradient }
    }
}

impl<const N: usize> Jet<N> {
    /// The `index`-th parameter itself.
    pub(crate) fn variable(value: f64, index: usize) -> Self {
        let mut gradient = [0.0; N];
        gradient[index] = 1.0;
        Self { value, gradient, hessian: [[0.0; N]; N] }
    }

    /// `exp` of the `index`-th parameter: how a positive quantity enters when its logarithm is estimated.
    pub(crate) fn exp_variable(log: f64, index: usize) -> Self {
        Self::variable(log, index).exp()
    }
}

impl<const N: usize> Real for Dual<N> {
    fn constant(value: f64) -> Self {
        Self { value, gradient: [0.0; N] }
    }
    fn value(self) -> f64 {
        self.value
    }
    fn chain(self, value: f64, first: f64, _: f64) -> Self {
        Self { value, gradient: self.gradient.map(|g| first * g) }
    }
}

impl<const N: usize> Real for Jet<N> {
    fn constant(value: f64) -> Self {
        Self { value, gradient: [0.0; N], hessian: [[0.0; N]; N] }
    }
    fn value(self) -> f64 {
        self.value
    }
    fn chain(self, value: f64, first: f64, second: f64) -> Self {
        let mut hessian = self.hessian;
        for (i, row) in hessian.iter_mut().enumerate() {
            for (j, h) in row.iter_mut().enumerate() {
                *h = first * *h + second * self.gradient[i] * self.gradient[j];
            }
        }
        Self { value, gradient: self.gradient.map(|g| first * g), hessian }
    }
}

fn zip<const N: usize>(a: [f64; N], b: [f64; N], f: impl Fn(f64, f64) -> f64) -> [f64; N] {
    std::array::from_fn(|i| f(a[i], b[i]))
}

macro_rules! linear_operators {
    ($type:ident, $operator:ident, $method:ident, $combine:expr) => {
        impl<const N: usize> $operator for $type<N> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                let combine: fn(Self, Self) -> Self = $combine;
                combine(self, other)
            }
        }
    };
}

linear_operators!(Dual, Add, add, |a, b| Dual {
    value: a.value + b.value,
    gradient: zip(a.gradient, b.gradient, |x, y| x + y)
});
linear_operators!(Dual, Sub, sub, |a, b| Dual {
    value: a.value - b.value,
    gradient: zip(a.gradient, b.gradient, |x, y| x - y)
});
linear_operators!(Dual, Mul, mul, |a, b| Dual {
    value: a.value * b.value,
    gradient: std::array::from_fn(|i| a.gradient[i] * b.value + a.value * b.gradient[i]),
});
linear_operators!(Dual, Div, div, |a, b| {
    let value = a.value / b.value;
    Dual { value, gradient: std::array::from_fn(|i| (a.gradient[i] - value * b.gradient[i]) / b.value) }
});
linear_operators!(Jet, Add, add, |a, b| Jet {
    value: a.value + b.value,
    gradient: zip(a.gradient, b.gradient, |x, y| x + y),
    hessian: std::array::from_fn(|i| zip(a.hessian[i], b.hessian[i], |x, y| x + y)),
});
linear_operators!(Jet, Sub, sub, |a, b| Jet {
    value: a.value - b.value,
    gradient: zip(a.gradient, b.gradient, |x, y| x - y),
    hessian: std::array::from_fn(|i| zip(a.hessian[i], b.hessian[i], |x, y| x - y)),
});
linear_operators!(Jet, Mul, mul, |a, b| Jet {
    value: a.value * b.value,
    gradient: std::array::from_fn(|i| a.gradient[i] * b.value + a.value * b.gradient[i]),
    hessian: std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            a.hessian[i][j] * b.value
                + a.gradient[i] * b.gradient[j]
                + a.gradient[j] * b.gradient[i]
                + a.value * b.hessian[i][j]
        })
    }),
});
linear_operators!(Jet, Div, div, |a, b| a * b.recip());

macro_rules! scalar_operators {
    ($type:ident) => {
        impl<const N: usize> Neg for $type<N> {
            type Output = Self;
            fn neg(self) -> Self {
                self * -1.0
            }
        }
        impl<const N: usize> Add<f64> for $type<N> {
            type Output = Self;
            fn add(mut self, other: f64) -> Self {
                self.value += other;
                self
            }
        }
        impl<const N: usize> Sub<f64> for $type<N> {
            type Output = Self;
            fn sub(mut self, other: f64) -> Self {
                self.value -= other;
                self
            }
        }
        impl<const N: usize> Mul<f64> for $type<N> {
            type Output = Self;
            fn mul(self, other: f64) -> Self {
                self.chain(self.value * other, other, 0.0)
            }
        }
    };
}

scalar_operators!(Dual);
scalar_operators!(Jet);

#[cfg(test)]
mod tests {
    use super::*;

    fn formula<R: Real>(x: R, y: R) -> R {
        (x * y).ln() * x.exp() / (y + 1.0) - (x - y).softplus() + y.ln_gamma() * x.logistic()
            - x.ln_rising(3) * (-y).ln_one_minus_exp()
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let (x, y, h) = (0.7, 2.3, 1e-4);
        let jet = formula(Jet::<2>::variable(x, 0), Jet::variable(y, 1));
        let dual = formula(Dual::<2>::variable(x, 0), Dual::variable(y, 1));
        assert!((jet.value - formula(x, y)).abs() < 1e-15);
        let dx = (formula(x + h, y) - formula(x - h, y)) / (2.0 * h);
        let dxy = (formula(x + h, y + h) - formula(x + h, y - h) - formula(x - h, y + h) + formula(x - h, y - h))
            / (4.0 * h * h);
        let dyy = (formula(x, y + h) - 2.0 * formula(x, y) + formula(x, y - h)) / (h * h);
        assert!((jet.gradient[0] - dx).abs() < 1e-7 && (dual.gradient[0] - dx).abs() < 1e-7);
        assert!((jet.hessian[0][1] - dxy).abs() < 1e-6 && (jet.hessian[1][1] - dyy).abs() < 1e-6);
    }

    #[test]
    fn gamma_steps_meet_and_do_not_cancel() {
        let (below, above) = (999.999_9.ln_gamma_step(0.7), 1_000.000_1.ln_gamma_step(0.7));
        assert!((above - below - 0.7 * 2e-7).abs() < 1e-10);
        assert!((1e15.ln_gamma_step(0.7) / (0.7 * 1e15_f64.ln()) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn long_and_short_rising_factorials_meet() {
        let long = 0.3.ln_rising(25);
        assert!((long - (0.3.ln_rising(24) + 24.3_f64.ln())).abs() < 1e-13 * long.abs());
    }
}
