//! The compiled module `compassion_psy._core`: the list of what it exports.

mod arrays;
mod association;
mod careless;
mod errors;
mod factors;
mod items;
mod loadings;
mod missing;
mod moments;
mod paths;
mod persons;
mod reliability;
mod retention;
mod run;
mod weights;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::association::{polychoric, polychoric_covariances, polychoric_intervals};
    #[pymodule_export]
    use super::careless::{careless, repeated_rows};
    #[pymodule_export]
    use super::factors::{explore_factors, factor_fit, schmid_leiman};
    #[pymodule_export]
    use super::items::item_statistics;
    #[pymodule_export]
    use super::loadings::{bootstrap_limits, loading_influences, loading_replicates};
    #[pymodule_export]
    use super::missing::em_covariance;
    #[pymodule_export]
    use super::moments::{codes_moments, dispersion, reals_moments};
    #[pymodule_export]
    use super::paths::{fit_paths, path_moments};
    #[pymodule_export]
    use super::persons::influences;
    #[pymodule_export]
    use super::reliability::analyse;
    #[pymodule_export]
    use super::retention::{
        eigenvalues_and_partials, factor_balance, normal_eigenvalues, shuffled_eigenvalues,
    };
    #[pymodule_export]
    use super::weights::{philox4x32, simd_levels, unit_weights};

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
