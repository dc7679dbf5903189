//! Polychoric correlations of tables that are much like one whose correlations are known.
//!
//! The probabilities of all cells are integrated once, at the known correlation. From there on the density, which is
//! their derivative, is integrated over the short way of each step, so that a step costs little.

use super::influence::Slopes;
use super::latent::{Latent, pairs};
use super::margin::Margin;
use super::nodes::{Corners, STRONG, between, from_zero};
use super::polychoric::Status;
use super::tables::Tables;
use crate::simd::{Node, Simd, add_densities, conditional_cdfs, density_slopes};

/// The error after a step is the cube of it, but for a factor: 1e-15. So is that of cells by their derivatives.
const LAST_STEP: f64 = 1e-5;
/// Halley's step is at most twice Newton's.
const LEAST_CORRECTION: f64 = 0.5;
/// Fewer persons have no correlation.
const FEWEST: f64 = 2.0;
/// From near three or four steps are enough, or it is not near.
const MOST_STEPS: usize = 8;
/// Probabilities below this have lost digits to cancellation: see `BivariateNormal::rectangle`.
const SMALL: f64 = 1e-9;

/// The correlations that searches start from.
#[derive(Debug, Clone)]
pub struct Near {
    simd: Simd,
    starts: Vec<Start>,
}

/// Where the search for one pair starts; without nodes where it is not to start there.
#[derive(Debug, Clone, Default)]
pub(super) struct Start {
    pub rho: f64,
    nodes: Vec<Node>,
    /// How a person in each cell moves the correlation; none where that is not known.
    influences: Vec<f64>,
}

impl Near {
    /// From the correlations of these responses, estimated from these tables.
    pub fn new(simd: Simd, latent: &Latent, tables: &Tables) -> Near {
        let categories = tables.categories;
        let start = |(pair, (i, j)): (usize, (usize, usize))| {
            let place = i * latent.items + j;
            if latent.statuses.get(pair) != Some(&Status::Ok) {
                return Start::at(f64::NAN);
            }
            let mut start = Start::at(latent.correlation[place]);
            start.influences.resize(categories * categories, 0.0);
            for moved in latent.influence(tables, pair, place, Slopes::Derivatives) {
                start.influences[moved.cell.0 * categories + moved.cell.1] = moved.correlation;
            }
            start
        };
        Near { simd, starts: pairs(latent.items).enumerate().map(start).collect() }
    }

    /// The instruction set of searches.
    pub fn simd(&self) -> Simd {
        self.simd
    }

    pub(super) fn start(&self, pair: usize) -> Option<&Start> {
        self.starts.get(pair)
    }
}

impl Start {
    pub fn at(rho: f64) -> Start {
        let nodes = if rho.abs() < STRONG { from_zero(rho) } else { Vec::new() };
        Start { rho, nodes, influences: Vec::new() }
    }

    /// Where the correlation of these counts is, but for the square of how far they are from those that this is of.
    fn foreseen(&self, counts: &[f64], persons: f64) -> f64 {
        let moves = self.influences.iter().zip(counts).map(|(influence, count)| influence * count);
        self.rho + moves.sum::<f64>() / persons
    }
}

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub rho: f64,
    /// One over its variance; NaN where it was not wanted.
    pub weight: f64,
    /// The covariance of the two answers, as numbers from zero on.
    pub covariance: f64,
}

/// Memory that is used again and again.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    corners: Corners,
    nodes: Vec<Node>,
    /// Of each corner: the integral of the density from zero on, the density, and its derivatives.
    integrals: Vec<f64>,
    densities: [Vec<f64>; 3],
    /// These of each corner together.
    values: Vec<[f64; 4]>,
    persons: Vec<f64>,
    /// The cells that somebody is in, with the number of persons.
    occupied: Vec<(usize, f64)>,
    /// Of each cell the probability, and its derivatives.
    cells: Vec<[f64; 4]>,
    /// Of each cell, zero where nobody is: the derivative of the logarithm of the probability, and its pull on it.
    scores: Vec<f64>,
    pulls: Vec<f64>,
    /// Of each corner the probability of the other answer given one's threshold.
    conditional: Vec<f64>,
    /// What thresholds do to the scores, and what that adds to them by category: of rows, and of columns.
    moves: [Vec<f64>; 2],
    by_category: [Vec<f64>; 2],
}

/// The derivatives of the logarithm of the likelihood.
struct Derivatives {
    first: f64,
    second: f64,
    third: f64,
}

impl Search {
    /// The correlation of a table, `counts` row by row; nothing where the start is not near, or a cell next to empty.
    pub fn from(
        &mut self,
        simd: Simd,
        start: &Start,
        counts: &[f64],
        margins: (&Margin, &Margin),
        weighted: bool,
    ) -> Option<Found> {
        if start.nodes.is_empty() || margins.0.finite.is_empty() || margins.1.finite.is_empty() {
            return None;
        }
        self.persons.clear();
        self.persons.extend_from_slice(counts);
        self.occupied.clear();
        self.occupied.extend(counts.iter().copied().enumerate().filter(|&(_, count)| count > 0.0));
        let persons = self.persons.iter().sum::<f64>();
        if persons < FEWEST {
            return None;
        }
        self.corners.fill(&margins.0.finite, &margins.1.finite);
        let size = self.corners.products.len();
        self.integrals.clear();
        self.integrals.resize(size, 0.0);
        self.densities.iter_mut().for_each(|values| values.resize(size, 0.0));
        self.add(simd, &start.nodes);
        let mut rho = start.rho;
        let foreseen = start.foreseen(counts, persons);
        if foreseen != rho && foreseen.abs() < STRONG {
            rho = self.go(simd, rho, foreseen)?;
        }
        for _ in 0..MOST_STEPS {
            let slopes = self.slopes(simd, rho, margins)?;
            let newton = -slopes.first / slopes.second;
            // Halley's method, where its correction is one.
            let correction = 1.0 + newton * slopes.third / (2.0 * slopes.second);
            let step = if correction > LEAST_CORRECTION { newton / correction } else { newton };
            let next = rho + step;
            // Written so that it also holds where there is no number.
            if !(slopes.second < 0.0 && next.abs() < STRONG) {
                return None;
            }
            if step.abs() < LAST_STEP {
                let [density, slope, _] = &self.densities;
                let slopes = density.iter().zip(slope).map(|(d, s)| step * (d + 0.5 * step * s));
                let moved = self.integrals.iter().zip(slopes).take(self.corners.count);
                let covariance = moved.map(|(integral, by_step)| integral + by_step).sum();
                let weight = if weighted {
                    self.move_cells(step);
                    self.weight(simd, next, margins)
                } else {
                    f64::NAN
                };
                return Some(Found { rho: next, weight, covariance });
            }
            rho = self.go(simd, rho, next)?;
        }
        None
    }

    /// Brings probabilities and their slopes to where a small step leads.
    fn move_cells(&mut self, step: f64) {
        for [probability, by_rho, turn, bend] in &mut self.cells {
            *probability += step * (*by_rho + 0.5 * step * *turn);
            *by_rho += step * (*turn + 0.5 * step * *bend);
        }
    }

    /// Brings the integrals from one correlation to another, which is returned; nothing where that is a long way.
    fn go(&mut self, simd: Simd, from: f64, to: f64) -> Option<f64> {
        if !between(from, to, &mut self.nodes) {
            return None;
        }
        let nodes = std::mem::take(&mut self.nodes);
        self.add(simd, &nodes);
        self.nodes = nodes;
        Some(to)
    }

    fn add(&mut self, simd: Simd, nodes: &[Node]) {
        let Corners { products, squares, .. } = &self.corners;
        add_densities(simd, products, squares, nodes, &mut self.integrals);
    }

    /// The derivatives at a correlation; nothing where a cell that somebody is in is next to empty.
    fn slopes(
        &mut self,
        simd: Simd,
        rho: f64,
        (first, second): (&Margin, &Margin),
    ) -> Option<Derivatives> {
        let Corners { products, squares, .. } = &self.corners;
        let [density, slope, bend] = &mut self.densities;
        density_slopes(simd, products, squares, rho, density, slope, bend);
        let parts = self.integrals.iter().zip(density).zip(slope.iter().zip(bend));
        self.values.clear();
        self.values.extend(parts.map(|((a, b), (c, d))| [*a, *b, *c, *d]));
        self.cells.clear();
        for own in &first.parts {
            self.cells.extend(second.parts.iter().map(|other| [own * other, 0.0, 0.0, 0.0]));
        }
        add_differences(&self.values, first, second, &mut self.cells);
        let mut sums = Derivatives { first: 0.0, second: 0.0, third: 0.0 };
        for &(cell, persons) in &self.occupied {
            let [probability, by_rho, turn, bend] = self.cells[cell];
            if probability <= SMALL {
                return None;
            }
            let reciprocal = 1.0 / probability;
            let (score, ratio) = (by_rho * reciprocal, turn * reciprocal);
            sums.first += persons * score;
            sums.second += persons * (ratio - score * score);
            let cubic = bend * reciprocal - 3.0 * score * ratio + 2.0 * score * score * score;
            sums.third += persons * cubic;
        }
        Some(sums)
    }

    /// One over the variance of the correlation: see `influences` of products, of which this is the sum of squares.
    fn weight(&mut self, simd: Simd, rho: f64, (first, second): (&Margin, &Margin)) -> f64 {
        let all: f64 = self.persons.iter().sum();
        let mut slope = 0.0;
        self.scores.clear();
        self.scores.resize(self.persons.len(), 0.0);
        self.pulls.clear();
        self.pulls.resize(self.persons.len(), 0.0);
        for &(cell, persons) in &self.occupied {
            let [probability, by_rho, ..] = self.cells[cell];
            let score = by_rho / probability;
            self.scores[cell] = score;
            self.pulls[cell] = persons / all * score / probability;
            slope += persons / all * score * score;
        }
        let (scores, pulls) = (&self.scores, &self.pulls);
        let (width, columns) = (second.counts.len(), second.finite.len());
        self.conditional.resize(self.corners.products.len(), 0.0);
        let conditional = &mut self.conditional;
        conditional_cdfs(simd, &self.corners.first, &self.corners.second, rho, conditional);
        // What the move of each threshold does to the scores, over its density.
        let [of_rows, of_columns] = &mut self.moves;
        of_rows.clear();
        of_rows.resize(first.finite.len(), 0.0);
        for (at, sum) in of_rows.iter_mut().enumerate() {
            let (lower, upper) = (first.lowest + at, first.lowest + at + 1);
            let mut below = 0.0;
            for place in 0..=columns {
                let next = match place < columns {
                    true => conditional[at * columns + place],
                    false => 1.0,
                };
                let column = second.lowest + place;
                *sum += (pulls[upper * width + column] - pulls[lower * width + column])
                    * (next - below);
                below = next;
            }
        }
        conditional_cdfs(simd, &self.corners.second, &self.corners.first, rho, conditional);
        of_columns.clear();
        of_columns.resize(columns, 0.0);
        for (at, sum) in of_columns.iter_mut().enumerate() {
            let (lower, upper) = (second.lowest + at, second.lowest + at + 1);
            let mut below = 0.0;
            for place in 0..=first.finite.len() {
                let next = match place < first.finite.len() {
                    true => conditional[place * columns + at],
                    false => 1.0,
                };
                let row = first.lowest + place;
                *sum += (pulls[row * width + upper] - pulls[row * width + lower]) * (next - below);
                below = next;
            }
        }
        let [by_row, by_column] = &mut self.by_category;
        first.by_category(of_rows, by_row);
        second.by_category(of_columns, by_column);
        let mut squares = 0.0;
        let rows = self.persons.chunks_exact(width).zip(scores.chunks_exact(width)).zip(&*by_row);
        for ((persons, scores), of_row) in rows {
            for ((persons, score), of_column) in persons.iter().zip(scores).zip(&*by_column) {
                let value = score + of_row + of_column;
                squares += persons * value * value;
            }
        }
        let information = all * slope;
        information * information / squares
    }
}

/// Adds what each cell has of values at corners, of which each is in four cells.
fn add_differences(corners: &[[f64; 4]], first: &Margin, second: &Margin, cells: &mut [[f64; 4]]) {
    let (width, columns) = (second.counts.len(), second.finite.len());
    for (at, corners) in corners.chunks_exact(columns).take(first.finite.len()).enumerate() {
        let (above, below) = cells.split_at_mut((first.lowest + at + 1) * width);
        let above = &mut above[(first.lowest + at) * width + second.lowest..][..=columns];
        let below = &mut below[second.lowest..][..=columns];
        for (place, values) in corners.iter().enumerate() {
            for (at, value) in values.iter().enumerate() {
                above[place][at] += value;
                above[place + 1][at] -= value;
                below[place][at] -= value;
                below[place + 1][at] += value;
            }
        }
    }
}
