//! Variances and covariances from moments.

use super::{Moments, Number, Panel, pair};

/// What coefficients are computed from.
#[derive(Debug, Clone, Default)]
pub struct Dispersion {
    /// Number of items.
    pub items: usize,
    /// Number of persons.
    pub persons: f64,
    /// Item means; with pairwise moments over the rows that answered the item.
    pub means: Vec<f64>,
    /// Item covariances, items × items; left empty by the small panel.
    pub covariance: Vec<f64>,
    /// Item correlations; with pairwise moments each over its own rows.
    pub correlation: Vec<f64>,
    /// With pairwise moments, at `[i, j]`: item `i` over the rows that answered both `i` and `j`.
    pub pairs: Vec<Joint>,
    /// The smallest item variance.
    pub smallest_variance: f64,
    /// The sum of item variances.
    pub trace: f64,
    /// The variance of the total.
    pub total: f64,
}

/// An item over the rows that also answered another one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Joint {
    /// The sum of these rows' weights.
    pub weight: f64,
    /// The item's mean.
    pub mean: f64,
    /// Its variance, divisor n.
    pub variance: f64,
}

impl Dispersion {
    /// Takes the moments' place; keeps its memory.
    ///
    /// The divisor is the weight less the mean weight of a person: n - 1 where each person weighs one. With pairwise
    /// moments it is the weight of those who answered both, less the mean weight of all.
    pub fn fill<T: Number>(&mut self, moments: &Moments<T>) {
        self.items = moments.items;
        self.persons = moments.persons as f64;
        self.means.clear();
        match moments.panel {
            Panel::Small => self.fill_small(moments),
            Panel::Full => self.fill_full(moments),
            Panel::Pairwise => self.fill_pairwise(moments),
        }
    }

    /// Takes the place of means and covariances that were estimated otherwise; keeps its memory.
    pub fn set(&mut self, persons: f64, means: &[f64], covariance: &[f64]) {
        let k = means.len();
        (self.items, self.persons) = (k, persons);
        means.clone_into(&mut self.means);
        covariance.clone_into(&mut self.covariance);
        self.pairs.clear();
        self.set_correlation();
        self.smallest_variance = smallest(covariance, k);
        self.trace = covariance.iter().step_by(k + 1).sum();
        // Where no item varies, neither does their total.
        self.total = if self.trace == 0.0 { 0.0 } else { covariance.iter().sum() };
    }

    /// Correlations from the covariances.
    fn set_correlation(&mut self) {
        let k = self.items;
        self.correlation.clear();
        for i in 0..k {
            for j in 0..k {
                let scale = (self.covariance[i * k + i] * self.covariance[j * k + j]).sqrt();
                let r = if i == j { 1.0 } else { self.covariance[i * k + j] / scale };
                self.correlation.push(r);
            }
        }
    }

    /// Trace and total from exact sums, so that every panel gives the same bits.
    fn set_sizes<T: Number>(&mut self, weight: T, sums: &[T], squares: T, square_of_total: T) {
        let divisor = weight.real() - weight.real() / self.persons;
        let total = sums.iter().fold(T::default(), |total, &sum| total.plus(sum));
        self.trace = T::less_squares(weight, squares, sums) / divisor;
        self.total = T::less_squares(weight, square_of_total, &[total]) / divisor;
        if self.trace == 0.0 {
            // Where no item varies, neither does their total.
            self.total = 0.0;
        }
    }

    fn fill_small<T: Number>(&mut self, moments: &Moments<T>) {
        let (sums, squares) = moments.sums.split_at(self.items);
        self.means.extend(sums.iter().map(|s| s.real() / moments.weight.real()));
        self.set_sizes(moments.weight, sums, squares[0], squares[1]);
        self.covariance.clear();
        self.correlation.clear();
        self.smallest_variance = f64::NAN;
    }

    fn fill_full<T: Number>(&mut self, moments: &Moments<T>) {
        let (k, weight) = (self.items, moments.weight);
        let (sums, products) = moments.sums.split_at(k);
        let divisor = weight.real() - weight.real() / self.persons;
        self.means.extend(sums.iter().map(|s| s.real() / weight.real()));
        self.covariance.resize(k * k, 0.0);
        let mut next = products.iter();
        let (mut squares, mut cross) = (T::default(), T::default());
        for i in 0..k {
            for (j, &product) in (i..k).zip(&mut next) {
                let sum = if i == j { &mut squares } else { &mut cross };
                *sum = sum.plus(product);
                let value = T::centred(weight, product, sums[i], sums[j]) / divisor;
                self.covariance[i * k + j] = value;
                self.covariance[j * k + i] = value;
            }
        }
        self.set_sizes(weight, sums, squares, squares.plus(cross).plus(cross));
        self.smallest_variance = smallest(&self.covariance, k);
        self.correlation.clear();
        for i in 0..k {
            for j in 0..k {
                let scale = (self.covariance[i * k + i] * self.covariance[j * k + j]).sqrt();
                let r = if i == j { 1.0 } else { self.covariance[i * k + j] / scale };
                self.correlation.push(r);
            }
        }
    }

    fn fill_pairwise<T: Number>(&mut self, moments: &Moments<T>) {
        let k = self.items;
        let pairs = k * (k + 1) / 2;
        let (weights, rest) = moments.sums.split_at(pairs);
        let (sums, rest) = rest.split_at(k * k);
        let (squares, products) = rest.split_at(k * k);
        let mean_weight = moments.weight.real() / self.persons;
        self.means.extend((0..k).map(|j| sums[j * k + j].real() / weights[pair(k, j, j)].real()));
        self.covariance.resize(k * k, 0.0);
        self.correlation.resize(k * k, 0.0);
        self.pairs.resize(k * k, Joint::default());
        for i in 0..k {
            for j in i..k {
                let at = pair(k, i, j);
                let (weight, product) = (weights[at], products[at]);
                let (left, right) = (sums[i * k + j], sums[j * k + i]);
                let centred = T::centred(weight, product, left, right);
                let spread_i = T::centred(weight, squares[i * k + j], left, left);
                let spread_j = T::centred(weight, squares[j * k + i], right, right);
                let scale = (spread_i * spread_j).sqrt();
                let weight = weight.real();
                let joint = |sum: T, spread: f64| Joint {
                    weight,
                    mean: sum.real() / weight,
                    variance: spread / weight,
                };
                self.pairs[i * k + j] = joint(left, spread_i);
                self.pairs[j * k + i] = joint(right, spread_j);
                let covariance = centred / (weight - mean_weight);
                let correlation = if i == j { 1.0 } else { centred / scale };
                for place in [i * k + j, j * k + i] {
                    self.covariance[place] = covariance;
                    self.correlation[place] = correlation;
                }
            }
        }
        // Each pair has its own persons: there is no sum of squared totals.
        self.trace = self.covariance.iter().step_by(k + 1).sum();
        self.total = self.covariance.iter().sum();
        self.smallest_variance = smallest(&self.covariance, k);
    }
}

/// The smallest diagonal element.
fn smallest(matrix: &[f64], items: usize) -> f64 {
    matrix.iter().step_by(items + 1).fold(f64::INFINITY, |least, &v| least.min(v))
}
