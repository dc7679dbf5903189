//! The coefficients there are.

use crate::error::{Result, invalid};
use crate::moments::Panel;

/// A coefficient of reliability, or what is read beside one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coefficient {
    /// Cronbach's alpha, on covariances.
    Alpha,
    /// Alpha of standardised items, on correlations.
    AlphaStd,
    /// Guttman's second lower bound, on covariances.
    Lambda2,
    /// Guttman's sixth lower bound, on covariances.
    Lambda6,
    /// Omega of one factor by maximum likelihood, on covariances; model-implied denominator.
    OmegaU,
    /// Omega of all factors together by minimum residuals, on correlations; observed denominator.
    OmegaTotal,
    /// As `OmegaU`, with the observed denominator.
    OmegaUObserved,
    /// Guttman's first lower bound, on covariances.
    Lambda1,
    /// Guttman's third lower bound: alpha.
    Lambda3,
    /// Guttman's fourth lower bound: the largest split half.
    Lambda4,
    /// Guttman's fifth lower bound, on covariances.
    Lambda5,
    /// The same with its root k / (k - 1) times.
    Lambda5Plus,
    /// The first of ten Berge & Zegers' series: alpha.
    Mu0,
    /// The second: lambda 2.
    Mu1,
    /// The third, on covariances.
    Mu2,
    /// The fourth, on covariances.
    Mu3,
    /// The largest split-half coefficient, on covariances.
    SplitHalfMax,
    /// The smallest, on covariances.
    SplitHalfMin,
    /// The mean of all, on covariances.
    SplitHalfMean,
    /// The mean correlation of items.
    AverageR,
    /// The ratio of signal to noise, on correlations.
    SignalToNoise,
    /// The standard error of measurement of the sum of the items, by alpha, on covariances.
    Sem,
    /// Alpha of the polychoric matrix: of the latent responses.
    AlphaOrdinal,
    /// Omega of one factor of the polychoric matrix, by diagonally weighted least squares; of the latent responses.
    OmegaOrdinal,
    /// Green & Yang's omega of the same factor: of the sum of the answers.
    OmegaCategorical,
    /// The greatest lower bound, on covariances.
    Glb,
    /// The greatest lower bound by the communalities of many factors, on correlations.
    GlbFactor,
    /// The reliability of an optimally weighted total by one factor of maximum likelihood (coefficient H).
    H,
    /// The mean share of the items' variances that this factor explains.
    Ave,
    /// Alpha of a total of subscales, on covariances.
    AlphaStratified,
    /// Omega hierarchical: the general factor of several, on correlations; observed denominator.
    OmegaH,
    /// As `OmegaH`, over what all factors explain: its limit for a scale of endless length.
    OmegaLimit,
    /// The share of the explained variance that the general factor explains.
    Ecv,
    /// The share of correlations that are between groups of items.
    Puc,
    /// Omega of a group factor, from zero, for the sum of the group's items.
    OmegaGroup(u8),
    /// As `OmegaGroup`, with what the general factor explains of it.
    OmegaGroupTotal(u8),
}

/// The most group factors there can be.
pub const MOST_GROUPS: usize = 20;

/// The names of the coefficients of each group factor.
const GROUP_NAMES: [(&str, &str); MOST_GROUPS] = [
    ("omega_group_1", "omega_group_total_1"),
    ("omega_group_2", "omega_group_total_2"),
    ("omega_group_3", "omega_group_total_3"),
    ("omega_group_4", "omega_group_total_4"),
    ("omega_group_5", "omega_group_total_5"),
    ("omega_group_6", "omega_group_total_6"),
    ("omega_group_7", "omega_group_total_7"),
    ("omega_group_8", "omega_group_total_8"),
    ("omega_group_9", "omega_group_total_9"),
    ("omega_group_10", "omega_group_total_10"),
    ("omega_group_11", "omega_group_total_11"),
    ("omega_group_12", "omega_group_total_12"),
    ("omega_group_13", "omega_group_total_13"),
    ("omega_group_14", "omega_group_total_14"),
    ("omega_group_15", "omega_group_total_15"),
    ("omega_group_16", "omega_group_total_16"),
    ("omega_group_17", "omega_group_total_17"),
    ("omega_group_18", "omega_group_total_18"),
    ("omega_group_19", "omega_group_total_19"),
    ("omega_group_20", "omega_group_total_20"),
];

/// Which matrix a coefficient is a function of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// Covariances.
    Covariance,
    /// Correlations; their diagonal does not move.
    Correlation,
}

impl Coefficient {
    /// All coefficients that need no general factor.
    pub const ALL: [Coefficient; 30] = [
        Coefficient::Alpha,
        Coefficient::AlphaStd,
        Coefficient::Lambda2,
        Coefficient::Lambda6,
        Coefficient::OmegaU,
        Coefficient::OmegaTotal,
        Coefficient::OmegaUObserved,
        Coefficient::Lambda1,
        Coefficient::Lambda3,
        Coefficient::Lambda4,
        Coefficient::Lambda5,
        Coefficient::Lambda5Plus,
        Coefficient::Mu0,
        Coefficient::Mu1,
        Coefficient::Mu2,
        Coefficient::Mu3,
        Coefficient::SplitHalfMax,
        Coefficient::SplitHalfMin,
        Coefficient::SplitHalfMean,
        Coefficient::AverageR,
        Coefficient::SignalToNoise,
        Coefficient::Sem,
        Coefficient::AlphaOrdinal,
        Coefficient::OmegaOrdinal,
        Coefficient::OmegaCategorical,
        Coefficient::Glb,
        Coefficient::GlbFactor,
        Coefficient::H,
        Coefficient::Ave,
        Coefficient::AlphaStratified,
    ];
    /// Those of a general factor and all groups; each group has its own besides.
    pub const OF_GENERAL: [Coefficient; 4] =
        [Coefficient::OmegaH, Coefficient::OmegaLimit, Coefficient::Ecv, Coefficient::Puc];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Coefficient::Alpha => "alpha",
            Coefficient::AlphaStd => "alpha_std",
            Coefficient::Lambda2 => "lambda2",
            Coefficient::Lambda6 => "lambda6",
            Coefficient::OmegaU => "omega_u",
            Coefficient::OmegaTotal => "omega_total",
            Coefficient::OmegaUObserved => "omega_u_observed",
            Coefficient::Lambda1 => "lambda1",
            Coefficient::Lambda3 => "lambda3",
            Coefficient::Lambda4 => "lambda4",
            Coefficient::Lambda5 => "lambda5",
            Coefficient::Lambda5Plus => "lambda5_plus",
            Coefficient::Mu0 => "mu0",
            Coefficient::Mu1 => "mu1",
            Coefficient::Mu2 => "mu2",
            Coefficient::Mu3 => "mu3",
            Coefficient::SplitHalfMax => "split_half_max",
            Coefficient::SplitHalfMin => "split_half_min",
            Coefficient::SplitHalfMean => "split_half_mean",
            Coefficient::AverageR => "average_r",
            Coefficient::SignalToNoise => "signal_to_noise",
            Coefficient::Sem => "sem",
            Coefficient::AlphaOrdinal => "alpha_ordinal",
            Coefficient::OmegaOrdinal => "omega_ordinal",
            Coefficient::OmegaCategorical => "omega_categorical",
            Coefficient::Glb => "glb",
            Coefficient::GlbFactor => "glb_factor",
            Coefficient::H => "h",
            Coefficient::Ave => "ave",
            Coefficient::AlphaStratified => "alpha_stratified",
            Coefficient::OmegaH => "omega_h",
            Coefficient::OmegaLimit => "omega_limit",
            Coefficient::Ecv => "ecv",
            Coefficient::Puc => "puc",
            Coefficient::OmegaGroup(group) => {
                GROUP_NAMES.get(usize::from(group)).map_or("omega_group", |names| names.0)
            }
            Coefficient::OmegaGroupTotal(group) => {
                GROUP_NAMES.get(usize::from(group)).map_or("omega_group_total", |names| names.1)
            }
        }
    }

    /// The coefficient of that name.
    pub fn named(name: &str) -> Result<Coefficient> {
        let groups = (0..MOST_GROUPS as u8).flat_map(|group| {
            [Coefficient::OmegaGroup(group), Coefficient::OmegaGroupTotal(group)]
        });
        let mut all = Coefficient::ALL.into_iter().chain(Coefficient::OF_GENERAL).chain(groups);
        match all.find(|c| c.name() == name) {
            Some(coefficient) => Ok(coefficient),
            None => invalid(format!("there is no coefficient {name:?}")),
        }
    }

    /// The matrix it is a function of.
    pub fn matrix(self) -> Matrix {
        match self {
            Coefficient::AlphaStd
            | Coefficient::OmegaTotal
            | Coefficient::GlbFactor
            | Coefficient::AverageR
            | Coefficient::SignalToNoise => Matrix::Correlation,
            _ if self.has_general_factor() => Matrix::Correlation,
            _ => Matrix::Covariance,
        }
    }

    /// Whether it is a function of contingency tables, not of moments.
    pub fn is_ordinal(self) -> bool {
        matches!(
            self,
            Coefficient::AlphaOrdinal | Coefficient::OmegaOrdinal | Coefficient::OmegaCategorical
        )
    }

    /// Whether it is one of a general factor and group factors.
    pub fn has_general_factor(self) -> bool {
        matches!(
            self,
            Coefficient::OmegaH
                | Coefficient::OmegaLimit
                | Coefficient::Ecv
                | Coefficient::Puc
                | Coefficient::OmegaGroup(_)
                | Coefficient::OmegaGroupTotal(_)
        )
    }

    /// Whether it is a function of the variances' sum and the total's variance alone.
    fn of_sizes(self) -> bool {
        matches!(
            self,
            Coefficient::Alpha
                | Coefficient::Lambda1
                | Coefficient::Lambda3
                | Coefficient::Mu0
                | Coefficient::SplitHalfMean
                | Coefficient::Sem
        )
    }

    /// The smallest panel that these coefficients of complete rows can be computed from.
    pub fn panel(coefficients: &[Coefficient]) -> Panel {
        if coefficients.iter().all(|c| c.of_sizes() || c.is_ordinal()) {
            Panel::Small
        } else {
            Panel::Full
        }
    }
}
