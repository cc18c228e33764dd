//! Dense symmetric matrices of a handful of rows: solving, inverting, eigenvalues.
//! The dimension is the number of parameters of a model, so clarity beats blocking; large or sparse systems do
//! not occur in this crate.

use std::ops::{Index, IndexMut};

/// A square matrix in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    size: usize,
    cells: Vec<f64>,
}

impl Index<(usize, usize)> for Matrix {
    type Output = f64;
    fn index(&self, (row, column): (usize, usize)) -> &f64 {
        &self.cells[row * self.size + column]
    }
}

impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut f64 {
        &mut self.cells[row * self.size + column]
    }
}

impl Matrix {
    /// A matrix of zeros.
    pub fn zeros(size: usize) -> Self {
        Self { size, cells: vec![0.0; size * size] }
    }

    /// The identity.
    pub fn identity(size: usize) -> Self {
        Self::from_fn(size, |i, j| f64::from(u8::from(i == j)))
    }

    /// A matrix from a function of row and column.
    pub fn from_fn(size: usize, cell: impl Fn(usize, usize) -> f64) -> Self {
        let cells = (0..size * size).map(|k| cell(k / size, k % size)).collect();
        Self { size, cells }
    }

    /// The number of rows.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether every cell is a finite number.
    pub fn is_finite(&self) -> bool {
        self.cells.iter().all(|c| c.is_finite())
    }

    /// Adds `factor * other`.
    pub(crate) fn add_scaled(&mut self, factor: f64, other: &Self) {
        for (a, b) in self.cells.iter_mut().zip(&other.cells) {
            *a += factor * b;
        }
    }

    /// The product with another matrix of the same size.
    pub(crate) fn times(&self, other: &Self) -> Self {
        Self::from_fn(self.size, |i, j| (0..self.size).map(|k| self[(i, k)] * other[(k, j)]).sum())
    }

    /// The product with a column vector.
    pub fn times_vector(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.size).map(|i| (0..self.size).map(|j| self[(i, j)] * vector[j]).sum()).collect()
    }

    /// The quadratic form `v' M v`.
    pub fn quadratic_form(&self, vector: &[f64]) -> f64 {
        self.times_vector(vector).iter().zip(vector).map(|(a, b)| a * b).sum()
    }

    /// The lower Cholesky factor, or `None` when the matrix is not positive definite.
    pub fn cholesky(&self) -> Option<Self> {
        let mut factor = Self::zeros(self.size);
        for j in 0..self.size {
            let pivot = self[(j, j)] - (0..j).map(|k| factor[(j, k)].powi(2)).sum::<f64>();
            if pivot.is_nan() || pivot <= 0.0 {
                return None;
            }
            factor[(j, j)] = pivot.sqrt();
            for i in j + 1..self.size {
                let dot: f64 = (0..j).map(|k| factor[(i, k)] * factor[(j, k)]).sum();
                factor[(i, j)] = (self[(i, j)] - dot) / factor[(j, j)];
            }
        }
        Some(factor)
    }

    /// Solves `M x = b` for a positive definite matrix; `None` otherwise.
    pub fn solve_positive(&self, right: &[f64]) -> Option<Vec<f64>> {
        let factor = self.cholesky()?;
        let mut x = right.to_vec();
        for i in 0..self.size {
            let dot: f64 = (0..i).map(|k| factor[(i, k)] * x[k]).sum();
            x[i] = (x[i] - dot) / factor[(i, i)];
        }
        for i in (0..self.size).rev() {
            let dot: f64 = (i + 1..self.size).map(|k| factor[(k, i)] * x[k]).sum();
            x[i] = (x[i] - dot) / factor[(i, i)];
        }
        Some(x)
    }

    /// The inverse of a positive definite matrix; `None` otherwise.
    pub fn inverse_positive(&self) -> Option<Self> {
        let columns: Option<Vec<_>> = (0..self.size)
            .map(|j| self.solve_positive(&(0..self.size).map(|i| f64::from(u8::from(i == j))).collect::<Vec<_>>()))
            .collect();
        let columns = columns?;
        Some(Self::from_fn(self.size, |i, j| 0.5 * (columns[j][i] + columns[i][j])))
    }

    /// Eigenvalues and the matrix whose columns are the eigenvectors, by cyclic Jacobi rotations.
    pub fn eigen(&self) -> (Vec<f64>, Self) {
        let mut a = self.clone();
        let mut vectors = Self::identity(self.size);
        let scale: f64 = self.cells.iter().map(|c| c * c).sum();
        for _ in 0..60 {
            let off: f64 = (0..self.size).flat_map(|i| (0..i).map(move |j| (i, j))).map(|ij| a[ij].powi(2)).sum();
            if off <= 1e-30 * scale || off.is_nan() {
                break;
            }
            for p in 0..self.size {
                for q in p + 1..self.size {
                    rotate(&mut a, &mut vectors, p, q);
                }
            }
        }
        ((0..self.size).map(|i| a[(i, i)]).collect(), vectors)
    }
}

fn rotate(a: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    if a[(p, q)] == 0.0 {
        return;
    }
    let theta = (a[(q, q)] - a[(p, p)]) / (2.0 * a[(p, q)]);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for k in 0..a.size {
        let (x, y) = (a[(k, p)], a[(k, q)]);
        a[(k, p)] = c * x - s * y;
        a[(k, q)] = s * x + c * y;
    }
    for k in 0..a.size {
        let (x, y) = (a[(p, k)], a[(q, k)]);
        a[(p, k)] = c * x - s * y;
        a[(q, k)] = s * x + c * y;
        let (x, y) = (vectors[(k, p)], vectors[(k, q)]);
        vectors[(k, p)] = c * x - s * y;
        vectors[(k, q)] = s * x + c * y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_and_eigenvalues_rebuild_the_matrix() {
        let m = Matrix::from_fn(3, |i, j| [[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]][i][j]);
        let inverse = m.inverse_positive().unwrap();
        let product = m.times(&inverse);
        let (values, vectors) = m.eigen();
        for i in 0..3 {
            for j in 0..3 {
                assert!((product[(i, j)] - f64::from(u8::from(i == j))).abs() < 1e-14);
                let rebuilt: f64 = (0..3).map(|k| values[k] * vectors[(i, k)] * vectors[(j, k)]).sum();
                assert!((rebuilt - m[(i, j)]).abs() < 1e-13);
            }
        }
        assert!(Matrix::from_fn(2, |i, j| [[1.0, 2.0], [2.0, 1.0]][i][j]).cholesky().is_none());
    }
}
