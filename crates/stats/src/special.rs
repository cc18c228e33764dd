//! The special functions these models need and nothing more: gamma and its relatives, the incomplete integrals
//! behind intervals, the normal distribution, two hypergeometric forms and the generalised exponential integral.
//! Each states its accuracy; complex arguments and exotic regions are deliberately absent.

pub mod beta;
pub mod gamma;
pub(crate) mod integral;
pub mod normal;
