//! What some persons change in the covariances of the items: the parts that influence values are made of.

use std::ops::Range;

use crate::factor::ProductForm;
use crate::interval::real_columns;
use crate::moments::Dispersion;
use crate::reliability::{Gradient, Matrix};
use crate::responses::Responses;
use crate::simd::{
    Simd, add_column_multiple, add_mixed_power_sums, add_power_sums, centred_products,
    product_forms, quadratic_forms,
};

/// The parts of some rows, each a column of one value a row, less their means.
pub(super) struct Changes<'a> {
    simd: Simd,
    responses: &'a Responses<'a>,
    dispersion: &'a Dispersion,
    rows: usize,
    /// Deviations from the means; with pairs of items the answers, where there are some.
    columns: Vec<f64>,
    /// In the variance of the total, and in the sum of variances.
    all: Vec<f64>,
    trace: Vec<f64>,
    /// In the covariance of each item with the total, and in its variance.
    with_total: Vec<f64>,
    own: Vec<f64>,
    /// With pairs of items the influence values themselves, a column for each coefficient.
    forms: Vec<f64>,
    scratch: Vec<f64>,
}

impl<'a> Changes<'a> {
    /// Of no rows yet.
    pub fn new(
        simd: Simd,
        responses: &'a Responses<'a>,
        dispersion: &'a Dispersion,
    ) -> Changes<'a> {
        let (columns, all, trace, with_total, own, forms, scratch) = Default::default();
        let rows = 0;
        Changes {
            simd,
            responses,
            dispersion,
            rows,
            columns,
            all,
            trace,
            with_total,
            own,
            forms,
            scratch,
        }
    }

    /// Takes other rows; `forms` are the gradients in pairs of items, where a coefficient has one.
    pub fn load(&mut self, rows: Range<usize>, pairwise: bool, forms: &[Option<&Gradient>]) {
        let k = self.responses.items;
        self.rows = rows.len();
        self.columns = real_columns(self.responses, rows);
        for (values, size) in [
            (&mut self.all, 1),
            (&mut self.trace, 1),
            (&mut self.with_total, k),
            (&mut self.own, k),
            (&mut self.scratch, 1),
            (&mut self.forms, forms.len()),
        ] {
            values.clear();
            values.resize(size * self.rows, 0.0);
        }
        if pairwise {
            self.load_pairs(forms);
        } else {
            self.load_complete();
        }
    }

    fn load_complete(&mut self) {
        let (simd, k, rows) = (self.simd, self.responses.items, self.rows);
        let covariance = &self.dispersion.covariance;
        // With the divisor n.
        let scale = (self.dispersion.persons - 1.0) / self.dispersion.persons;
        let total = &mut self.scratch;
        for (column, mean) in self.columns.chunks_exact_mut(rows).zip(&self.dispersion.means) {
            column.iter_mut().for_each(|x| *x -= mean);
            add_column_multiple(simd, column, 1.0, total);
        }
        let parts = self.with_total.chunks_exact_mut(rows).zip(self.own.chunks_exact_mut(rows));
        let items = self.columns.chunks_exact(rows).zip(covariance.chunks_exact(k)).enumerate();
        for ((item, (column, covariances)), (with_total, own)) in items.zip(parts) {
            let mean = scale * covariances.iter().sum::<f64>();
            centred_products(simd, column, total, mean, with_total);
            centred_products(simd, column, column, scale * covariances[item], own);
            add_column_multiple(simd, own, 1.0, &mut self.trace);
        }
        let mean = scale * covariance.iter().sum::<f64>();
        centred_products(simd, total, total, mean, &mut self.all);
    }

    /// Each pair of items contributes where both are answered, scaled up to all rows.
    fn load_pairs(&mut self, forms: &[Option<&Gradient>]) {
        let (simd, k, rows) = (self.simd, self.responses.items, self.rows);
        for i in 0..k {
            for j in i..k {
                let twice = if i == j { 1.0 } else { 2.0 };
                self.pair_part(i, j, Matrix::Covariance);
                let part = &self.scratch;
                add_column_multiple(simd, part, twice, &mut self.all);
                add_column_multiple(simd, part, 1.0, &mut self.with_total[i * rows..][..rows]);
                if i == j {
                    add_column_multiple(simd, part, 1.0, &mut self.trace);
                    self.own[i * rows..][..rows].copy_from_slice(part);
                } else {
                    add_column_multiple(simd, part, 1.0, &mut self.with_total[j * rows..][..rows]);
                }
                for matrix in [Matrix::Covariance, Matrix::Correlation] {
                    let of_matrix = |form: &&Gradient| form.matrix == matrix;
                    if !forms.iter().flatten().any(of_matrix) {
                        continue;
                    }
                    if matrix == Matrix::Correlation {
                        self.pair_part(i, j, matrix);
                    }
                    for (form, values) in forms.iter().zip(self.forms.chunks_exact_mut(rows)) {
                        if let Some(form) = form.filter(|form| form.matrix == matrix) {
                            let slope = twice * form.values[i * k + j];
                            if slope != 0.0 {
                                add_column_multiple(simd, &self.scratch, slope, values);
                            }
                        }
                    }
                }
            }
        }
    }

    /// What each row changes in the covariance or correlation of a pair, into the scratch.
    fn pair_part(&mut self, i: usize, j: usize, matrix: Matrix) {
        let (k, rows) = (self.responses.items, self.rows);
        let Dispersion { persons, ref covariance, ref correlation, ref pairs, .. } =
            *self.dispersion;
        let (own, other) = (pairs[i * k + j], pairs[j * k + i]);
        let weight = persons / own.weight;
        // From the divisor of covariances to the mean product.
        let mean = covariance[i * k + j] * (own.weight - 1.0) / own.weight;
        let r = correlation[i * k + j];
        let (v, w) = (own.variance, other.variance);
        let (left, right) = (&self.columns[i * rows..][..rows], &self.columns[j * rows..][..rows]);
        for ((part, x), y) in self.scratch.iter_mut().zip(left).zip(right) {
            let (x, y) = (x - own.mean, y - other.mean);
            let change = match matrix {
                Matrix::Covariance => x * y - mean,
                Matrix::Correlation => x * y / (v * w).sqrt() - 0.5 * r * (x * x / v + y * y / w),
            };
            // Not answered by both: comparisons with NaN are false.
            *part = if change.is_nan() { 0.0 } else { weight * change };
        }
    }

    /// The weights of [`add_mixed`](Self::add_mixed) for each item's correlation with the total, and with the rest.
    ///
    /// With variance v of the item, B of the rest and r their correlation, a person moves r by
    /// `change in covariance / sqrt(v B) - r / 2 (change in v / v + change in B / B)`.
    pub fn correlation_weights(&self) -> Vec<([f64; 4], [f64; 4])> {
        let k = self.responses.items;
        let Dispersion { persons, ref covariance, ref pairs, .. } = *self.dispersion;
        let product = |i: usize, j: usize| {
            let n = pairs.get(i * k + j).map_or(persons, |pair| pair.weight);
            covariance[i * k + j] * (n - 1.0) / n
        };
        let row = |i: usize| (0..k).map(|j| product(i, j)).sum::<f64>();
        let all: f64 = (0..k).map(row).sum();
        let weights = |item: usize| {
            let (own, with_total) = (product(item, item), row(item));
            let rest = all - 2.0 * with_total + own;
            let r_total = with_total / (own * all).sqrt();
            let r_rest = (with_total - own) / (own * rest).sqrt();
            let (in_rest, in_own) = (-0.5 * r_rest / rest, -0.5 * r_rest / own);
            let per_covariance = 1.0 / (own * rest).sqrt();
            (
                [-0.5 * r_total / all, 0.0, 1.0 / (own * all).sqrt(), -0.5 * r_total / own],
                [in_rest, 0.0, per_covariance - 2.0 * in_rest, in_own + in_rest - per_covariance],
            )
        };
        (0..k).map(weights).collect()
    }

    /// Adds up weights times the changes in the variance of the total, in the sum of variances, in the covariance of an
    /// item with the total and in its variance.
    pub fn add_mixed(&self, item: usize, weights: [f64; 4], sums: &mut [f64; 2]) {
        let place = item * self.rows..(item + 1) * self.rows;
        let (with_total, own) = (&self.with_total[place.clone()], &self.own[place]);
        add_mixed_power_sums(self.simd, &self.all, &self.trace, with_total, own, weights, sums);
    }

    /// Adds up what a product form of complete rows says.
    pub fn add_product(&mut self, form: &ProductForm, centre: f64, sums: &mut [f64; 2]) {
        let ProductForm { left, right, own } = form;
        product_forms(self.simd, &self.columns, left, right, own, &mut self.scratch);
        add_power_sums(self.simd, &self.scratch, centre, sums);
    }

    /// Adds up what any quadratic form of complete rows says.
    pub fn add_form(&mut self, form: &[f64], centre: f64, sums: &mut [f64; 2]) {
        quadratic_forms(self.simd, &self.columns, form, &mut self.scratch);
        add_power_sums(self.simd, &self.scratch, centre, sums);
    }

    /// Adds up the values of a coefficient in pairs of items.
    pub fn add_pairs(&self, coefficient: usize, sums: &mut [f64; 2]) {
        let place = coefficient * self.rows..(coefficient + 1) * self.rows;
        add_power_sums(self.simd, &self.forms[place], 0.0, sums);
    }
}
