//! Surveys with one common factor, and their responses.

use super::Generator;
use psychometrics::resampling::Weights;
use psychometrics::responses::{Answers, Boundaries, MISSING, Responses};

/// Answers with all that can go with them.
#[derive(Debug, Clone)]
pub struct Survey {
    pub rows: usize,
    pub items: usize,
    pub codes: Vec<u8>,
    /// Where there are some, these are the answers.
    pub reals: Option<Vec<f64>>,
    pub weights: Option<Vec<f64>>,
    pub groups: Vec<usize>,
    pub strata: Option<Vec<usize>>,
    pub clusters: Option<Vec<usize>>,
}

impl Survey {
    /// Codes of one group without missing answers.
    pub fn of(codes: Vec<u8>, rows: usize, items: usize) -> Survey {
        let (reals, weights, strata, clusters) = Default::default();
        Survey { rows, items, codes, reals, weights, groups: vec![0, rows], strata, clusters }
    }

    /// Codes from 0 to `largest` that measure one thing.
    pub fn one_factor(seed: u64, rows: usize, items: usize, largest: u8) -> Survey {
        let mut generator = Generator(seed);
        let factor: Vec<f64> = (0..rows).map(|_| generator.normal()).collect();
        let mut codes = Vec::with_capacity(rows * items);
        for item in 0..items {
            let ease = 0.4 * (item as f64 - items as f64 / 2.0) / items as f64;
            codes.extend(factor.iter().map(|&f| {
                let liking = 1.0 / (1.0 + (-ease - f - generator.normal()).exp());
                ((f64::from(largest) + 1.0) * liking) as u8
            }));
        }
        Survey::of(codes, rows, items)
    }

    /// This share of answers is left out.
    pub fn missing(mut self, seed: u64, share: f64) -> Survey {
        let mut generator = Generator(seed);
        for code in &mut self.codes {
            if generator.uniform() < share {
                *code = MISSING;
            }
        }
        self
    }

    /// Reals that are not whole numbers, NaN where codes are missing.
    pub fn with_reals(mut self, seed: u64) -> Survey {
        let mut generator = Generator(seed);
        let real = |&code: &u8| {
            if code == MISSING {
                f64::NAN
            } else {
                f64::from(code) - 1.5 + 0.3 * generator.normal()
            }
        };
        self.reals = Some(self.codes.iter().map(real).collect());
        self
    }

    /// Survey weights between a half and two and a half.
    pub fn weighted(mut self, seed: u64) -> Survey {
        let mut generator = Generator(seed);
        self.weights = Some((0..self.rows).map(|_| 0.5 + 2.0 * generator.uniform()).collect());
        self
    }

    pub fn grouped(mut self, groups: &[usize]) -> Survey {
        self.groups = groups.to_vec();
        self
    }

    pub fn stratified(mut self, strata: &[usize]) -> Survey {
        self.strata = Some(strata.to_vec());
        self
    }

    /// Clusters of `size` rows, the last of a stratum (or group) smaller.
    pub fn clustered(mut self, size: usize) -> Survey {
        let within = self.strata.as_ref().unwrap_or(&self.groups);
        let mut clusters: Vec<usize> =
            within.windows(2).flat_map(|pair| (pair[0]..pair[1]).step_by(size)).collect();
        clusters.push(self.rows);
        self.clusters = Some(clusters);
        self
    }

    pub fn answers(&self) -> Answers<'_> {
        match &self.reals {
            Some(reals) => Answers::Reals(reals),
            None => Answers::Codes(&self.codes),
        }
    }

    pub fn responses(&self) -> Responses<'_> {
        let boundaries = Boundaries {
            groups: &self.groups,
            strata: self.strata.as_deref(),
            clusters: self.clusters.as_deref(),
        };
        let weights = self.weights.as_deref();
        Responses::new(self.answers(), self.rows, self.items, weights, boundaries).unwrap()
    }

    /// The laws that its weights can have: exponential ones do not keep the shares of strata.
    pub fn laws(&self) -> &'static [Weights] {
        match self.strata {
            Some(_) => &[Weights::Multinomial],
            None => &[Weights::Multinomial, Weights::Exponential],
        }
    }

    /// An answer, if there is one.
    pub fn answer(&self, row: usize, item: usize) -> Option<f64> {
        let at = item * self.rows + row;
        match &self.reals {
            Some(reals) => Some(reals[at]).filter(|x| !x.is_nan()),
            None => Some(self.codes[at]).filter(|&x| x != MISSING).map(f64::from),
        }
    }
}
