//! Sums of weighted outer products `f x x'`, the inner loop of every information matrix here. Rows are taken [`AT_ONCE`]
//! together, so that each cell of the sum is fetched and stored once for all of them.

use crate::linear::Matrix;

/// Rows that are added together.
const AT_ONCE: usize = 4;

/// A sum of weighted outer products, the lower triangle row by row.
pub(super) struct Products {
    columns: usize,
    lower: Vec<f64>,
    /// Rows that wait to be added, and their factors; beyond those that wait the factors are zero.
    waiting: Vec<f64>,
    factors: [f64; AT_ONCE],
    count: usize,
}

impl Products {
    /// An empty sum over rows of so many columns.
    pub(super) fn new(columns: usize) -> Self {
        let lower = vec![0.0; columns * (columns + 1) / 2];
        Self { columns, lower, waiting: vec![0.0; AT_ONCE * columns], factors: [0.0; AT_ONCE], count: 0 }
    }

    /// Adds a row's outer product with itself, times a factor.
    pub(super) fn add(&mut self, factor: f64, row: &[f64]) {
        self.factors[self.count] = factor;
        self.waiting[self.count * self.columns..(self.count + 1) * self.columns].copy_from_slice(row);
        self.count += 1;
        if self.count == AT_ONCE {
            self.settle();
        }
    }

    fn settle(&mut self) {
        let p = self.columns;
        let (first, rest) = self.waiting.split_at(p);
        let (second, rest) = rest.split_at(p);
        let (third, fourth) = rest.split_at(p);
        let [f, g, h, k] = self.factors;
        let mut cells = self.lower.as_mut_slice();
        for i in 0..p {
            let (row, below) = cells.split_at_mut(i + 1);
            cells = below;
            let (a, b, c, d) = (f * first[i], g * second[i], h * third[i], k * fourth[i]);
            let others = first.iter().zip(second).zip(third).zip(fourth);
            for (cell, (((x, y), z), w)) in row.iter_mut().zip(others) {
                *cell += (a * x + b * y) + (c * z + d * w);
            }
        }
        self.factors = [0.0; AT_ONCE];
        self.count = 0;
    }

    /// The sum as a symmetric matrix, times a factor.
    pub(super) fn matrix(mut self, factor: f64) -> Matrix {
        if self.count > 0 {
            self.settle();
        }
        let cell = |i: usize, j: usize| self.lower[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
        Matrix::from_fn(self.columns, |i, j| factor * cell(i, j))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_gives_the_sum_of_their_products() {
        let rows: Vec<[f64; 3]> = (0..7).map(|i| [f64::from(i), 1.0, 2.0 - f64::from(i * i)]).collect();
        for count in 0..=rows.len() {
            let mut products = Products::new(3);
            rows[..count].iter().enumerate().for_each(|(k, row)| products.add(k as f64 - 2.0, row));
            let matrix = products.matrix(0.5);
            for i in 0..3 {
                for j in 0..3 {
                    let sum: f64 = rows[..count].iter().enumerate().map(|(k, r)| (k as f64 - 2.0) * r[i] * r[j]).sum();
                    assert_eq!(matrix[(i, j)], 0.5 * sum, "{count} rows, {i} {j}");
                }
            }
        }
    }
}
