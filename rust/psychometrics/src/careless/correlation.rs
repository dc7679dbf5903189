//! The correlation within a person: over points such as items, pairs of items, or subscales.

/// Fewer points say nothing: any two lie on a line.
pub const FEWEST_POINTS: usize = 3;

/// The correlation over the points; NaN where they are too few, or one side does not vary.
pub fn correlation(left: &[f64], right: &[f64]) -> f64 {
    if left.len() < FEWEST_POINTS || constant(left) || constant(right) {
        return f64::NAN;
    }
    let count = left.len() as f64;
    let mean_left = left.iter().sum::<f64>() / count;
    let mean_right = right.iter().sum::<f64>() / count;
    let (mut squares_left, mut squares_right, mut products) = (0.0, 0.0, 0.0);
    for (x, y) in left.iter().zip(right) {
        let (x, y) = (x - mean_left, y - mean_right);
        squares_left += x * x;
        squares_right += y * y;
        products += x * y;
    }
    (products / (squares_left * squares_right).sqrt()).clamp(-1.0, 1.0)
}

/// Compared before anything is subtracted: rounding must not make a constant vary.
fn constant(values: &[f64]) -> bool {
    values.iter().all(|&value| value == values[0])
}
