//! The shapes that influence values of coefficients without an item have: the simpler, the less work for each person.

use crate::factor::ProductForm;
use crate::interval::covariance_form;
use crate::moments::Dispersion;
use crate::reliability::{Coefficient, Estimator, Gradient, Matrix};

/// How a coefficient without one item moves with the deviations of a person. Vectors and matrices are of all items, zero
/// at the one that is left out.
pub(super) enum Shape {
    /// With the square of the total of the others, and with the sum of their squares.
    Sizes {
        /// Times the products of two different items, so to speak.
        all: f64,
        /// Times squares besides.
        own: f64,
    },
    /// With a product of two sums and with squares, less a centre.
    Product(ProductForm, f64),
    /// With any products of pairs, less a centre.
    Form(Vec<f64>, f64),
    /// With the products of pairs, each over those who answered both.
    Pairs(Gradient),
}

impl Shape {
    /// Of a coefficient where it was last evaluated; nothing where it has no derivative.
    pub fn of(
        estimator: &Estimator,
        coefficient: Coefficient,
        dispersion: &Dispersion,
        item: usize,
        pairwise: bool,
    ) -> Option<Shape> {
        let k = dispersion.items;
        let product = estimator.product_gradient(coefficient, dispersion);
        if let (Some(mut form), false) = (product, pairwise) {
            let centre = centre(&form, dispersion);
            for values in [&mut form.left, &mut form.right, &mut form.own] {
                values.insert(item.min(values.len()), 0.0);
            }
            return Some(Shape::Product(form, centre));
        }
        let gradient = estimator.gradient(coefficient, dispersion)?;
        if gradient.matrix == Matrix::Covariance
            && let Some((all, own)) = sizes(&gradient.values, k)
        {
            return Some(Shape::Sizes { all, own });
        }
        if pairwise {
            let values = with_zeros(&gradient.values, k, item);
            return Some(Shape::Pairs(Gradient { values, ..gradient }));
        }
        let (form, centre) = covariance_form(&gradient, dispersion);
        Some(Shape::Form(with_zeros(&form, k, item), centre))
    }
}

/// The mean of the form over the persons.
fn centre(form: &ProductForm, dispersion: &Dispersion) -> f64 {
    let columns = form.left.iter().zip(&form.right).zip(&form.own);
    let rows = dispersion.covariance.chunks_exact(dispersion.items).enumerate();
    let sum: f64 = columns
        .zip(rows)
        .map(|(((left, _), own), (i, row))| {
            let with_right: f64 = row.iter().zip(&form.right).map(|(c, r)| c * r).sum();
            2.0 * left * with_right + own * row[i]
        })
        .sum();
    sum * (dispersion.persons - 1.0) / dispersion.persons
}

/// The one value off the diagonal, and what all values on it are more, if they are so few.
fn sizes(gradient: &[f64], items: usize) -> Option<(f64, f64)> {
    let (&diagonal, &all) = (gradient.first()?, gradient.get(1)?);
    let expected = |at: usize| if at.is_multiple_of(items + 1) { diagonal } else { all };
    let so_few = gradient.iter().enumerate().all(|(at, &g)| g == expected(at));
    so_few.then_some((all, diagonal - all))
}

/// A matrix of the other items with a row and a column of zeros for the one left out.
fn with_zeros(matrix: &[f64], others: usize, item: usize) -> Vec<f64> {
    let items = others + 1;
    let other = |j: usize| if j > item { j - 1 } else { j };
    (0..items * items)
        .map(|at| (at / items, at % items))
        .map(
            |(i, j)| {
                if i == item || j == item { 0.0 } else { matrix[other(i) * others + other(j)] }
            },
        )
        .collect()
}
