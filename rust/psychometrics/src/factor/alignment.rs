//! Which factor of one solution is which of another.

use super::matrix::Matrix;

/// Below this congruence two factors are not even fairly alike (Lorenzo-Seva & ten Berge 2006).
pub const LEAST_CONGRUENCE: f64 = 0.85;

/// The columns of a solution in the order and with the signs of another.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// For each factor of the other solution the column that is most like it.
    pub order: Vec<usize>,
    /// What these columns are multiplied by.
    pub signs: Vec<f64>,
    /// Their congruences with it, not negative.
    pub congruences: Vec<f64>,
    /// Whether a factor is not itself any more: it is not fairly alike, or more like another one's.
    pub switched: bool,
}

impl Alignment {
    /// The one-to-one match of columns whose absolute congruences have the largest sum.
    pub fn new(loadings: &Matrix, target: &Matrix) -> Alignment {
        let factors = target.columns;
        let phi = congruence(loadings, target);
        let costs: Vec<f64> =
            (0..factors * factors).map(|at| -phi.at(at % factors, at / factors).abs()).collect();
        let order = assignment(&costs, factors);
        let matched = |j: usize| phi.at(order[j], j);
        let signs = (0..factors).map(|j| if matched(j) < 0.0 { -1.0 } else { 1.0 }).collect();
        let congruences: Vec<f64> = (0..factors).map(|j| matched(j).abs()).collect();
        let switched = (0..factors).any(|j| {
            let others = (0..factors).map(|i| phi.at(i, j).abs());
            congruences[j] < LEAST_CONGRUENCE || others.fold(0.0, f64::max) > congruences[j]
        });
        Alignment { order, signs, congruences, switched }
    }

    /// Loadings, items × factors, put in order.
    pub fn of_loadings(&self, loadings: &Matrix) -> Matrix {
        Matrix::from_fn(loadings.rows, loadings.columns, |i, j| {
            self.signs[j] * loadings.at(i, self.order[j])
        })
    }

    /// Correlations of factors put in order.
    pub fn of_correlations(&self, phi: &Matrix) -> Matrix {
        Matrix::from_fn(phi.rows, phi.columns, |i, j| {
            self.signs[i] * self.signs[j] * phi.at(self.order[i], self.order[j])
        })
    }
}

/// Tucker's (1951) congruences of the columns; zero with a column of zeros.
fn congruence(left: &Matrix, right: &Matrix) -> Matrix {
    let products = left.crossed(right);
    let (a, b) = (left.column_squares(), right.column_squares());
    Matrix::from_fn(products.rows, products.columns, |i, j| {
        let length = (a[i] * b[j]).sqrt();
        if length > 0.0 { products.at(i, j) / length } else { 0.0 }
    })
}

/// For each row the column of the one-to-one match with the least sum of costs (Kuhn 1955; Munkres 1957).
///
/// Rows are added one by one; each takes the shortest augmenting path, by prices of rows and columns.
fn assignment(costs: &[f64], size: usize) -> Vec<usize> {
    // One more column, which stands for the row that is being added.
    let mut row_of = vec![usize::MAX; size + 1];
    let mut row_price = vec![0.0; size];
    let mut column_price = vec![0.0; size + 1];
    for row in 0..size {
        row_of[size] = row;
        let mut column = size;
        let mut distance = vec![f64::INFINITY; size];
        let mut from = vec![size; size];
        let mut visited = vec![false; size + 1];
        while row_of[column] != usize::MAX {
            visited[column] = true;
            let here = row_of[column];
            let (mut nearest, mut step) = (size, f64::INFINITY);
            for next in (0..size).filter(|&next| !visited[next]) {
                let reduced = costs[here * size + next] - row_price[here] - column_price[next];
                if reduced < distance[next] {
                    distance[next] = reduced;
                    from[next] = column;
                }
                if distance[next] < step {
                    (nearest, step) = (next, distance[next]);
                }
            }
            if nearest == size {
                // Costs that are no numbers: nothing to choose from.
                return (0..size).collect();
            }
            for at in 0..=size {
                if visited[at] {
                    row_price[row_of[at]] += step;
                    column_price[at] -= step;
                } else if at < size {
                    distance[at] -= step;
                }
            }
            column = nearest;
        }
        while column != size {
            let before = from[column];
            row_of[column] = row_of[before];
            column = before;
        }
    }
    let mut order = vec![0; size];
    for (column, &row) in row_of.iter().take(size).enumerate() {
        order[row] = column;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least sum over all permutations.
    fn least(costs: &[f64], size: usize, row: usize, taken: u32) -> f64 {
        if row == size {
            return 0.0;
        }
        (0..size)
            .filter(|&c| taken & (1 << c) == 0)
            .map(|c| costs[row * size + c] + least(costs, size, row + 1, taken | (1 << c)))
            .fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn assignments_are_the_best_of_all() {
        for size in 1..7 {
            for seed in 0..50 {
                let costs: Vec<f64> =
                    (0..size * size).map(|at| ((at * 7 + seed * 31) as f64).sin()).collect();
                let found = assignment(&costs, size);
                let sum: f64 = found.iter().enumerate().map(|(r, &c)| costs[r * size + c]).sum();
                let mut sorted = found.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..size));
                assert!((sum - least(&costs, size, 0, 0)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn order_and_signs_come_back() {
        let target = Matrix::from_fn(6, 3, |i, j| if i / 2 == j { 0.8 } else { 0.1 });
        let order = [2, 0, 1];
        let turned = Matrix::from_fn(6, 3, |i, j| target.at(i, order[j]) * [1.0, -1.0, 1.0][j]);
        let found = Alignment::new(&turned, &target);
        assert_eq!(found.order, [1, 2, 0]);
        assert_eq!(found.of_loadings(&turned), target);
        assert!(!found.switched);
        let phi = Matrix::from_fn(3, 3, |i, j| if i == j { 1.0 } else { 0.1 * (i + j) as f64 });
        let back = found.of_correlations(&phi);
        // Factor 0 is column 1, turned; factor 1 is column 2.
        assert_eq!(back.at(0, 1), -phi.at(1, 2));
    }

    #[test]
    fn a_factor_that_is_gone_has_switched() {
        let target = Matrix::from_fn(6, 2, |i, j| if i / 3 == j { 0.8 } else { 0.0 });
        let mixed = Matrix::from_fn(6, 2, |i, j| if (i % 2 == 0) == (j == 0) { 0.8 } else { 0.0 });
        assert!(Alignment::new(&mixed, &target).switched);
    }
}
