//! Which variables depend on which.

use crate::error::{Result, invalid};

/// One variable and those it is regressed on, by their places in the covariance matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equation {
    /// The variable that is explained.
    pub outcome: usize,
    /// What explains it.
    pub predictors: Vec<usize>,
}

/// Regressions without cycles, and the pairs of equations whose residuals covary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathModel {
    /// Number of variables.
    pub variables: usize,
    /// The regressions.
    pub equations: Vec<Equation>,
    /// Pairs of equations, by number.
    pub covariances: Vec<(usize, usize)>,
}

impl PathModel {
    /// Checks that variables and equations exist, that no variable explains itself by any way, and that equations
    /// with correlated residuals have no path between their outcomes.
    pub fn new(
        variables: usize,
        equations: Vec<Equation>,
        covariances: Vec<(usize, usize)>,
    ) -> Result<PathModel> {
        for (number, equation) in equations.iter().enumerate() {
            let mut named = equation.predictors.clone();
            named.push(equation.outcome);
            named.sort_unstable();
            if named.last().is_some_and(|&last| last >= variables) {
                return invalid(format!("equation {number} names a variable beyond {variables}"));
            }
            if named.windows(2).any(|pair| pair[0] == pair[1]) {
                return invalid(format!("equation {number} names a variable twice"));
            }
            if equations[..number].iter().any(|other| other.outcome == equation.outcome) {
                return invalid(format!("variable {} has two equations", equation.outcome));
            }
        }
        let model = PathModel { variables, equations, covariances };
        model.check_recursive()?;
        model.check_covariances()?;
        Ok(model)
    }

    /// Number of parameters: coefficients by equation, residual variances, residual covariances.
    pub fn parameters(&self) -> usize {
        let coefficients: usize = self.equations.iter().map(|e| e.predictors.len()).sum();
        coefficients + self.equations.len() + self.covariances.len()
    }

    fn check_recursive(&self) -> Result<()> {
        let mut left: Vec<&Equation> = self.equations.iter().collect();
        while !left.is_empty() {
            let waits: Vec<usize> = left.iter().map(|e| e.outcome).collect();
            let before = left.len();
            left.retain(|e| e.predictors.iter().any(|p| waits.contains(p)));
            if left.len() == before {
                return invalid(format!("the equation of variable {} is in a cycle", waits[0]));
            }
        }
        Ok(())
    }

    fn check_covariances(&self) -> Result<()> {
        for &(i, j) in &self.covariances {
            let (Some(left), Some(right)) = (self.equations.get(i), self.equations.get(j)) else {
                return invalid(format!(
                    "residuals of equations {i} and {j}: there is no such one"
                ));
            };
            if i == j {
                return invalid(format!("residuals of equation {i} with themselves"));
            }
            if left.predictors.contains(&right.outcome) || right.predictors.contains(&left.outcome)
            {
                return invalid(format!("equations {i} and {j} have a path and a covariance"));
            }
        }
        Ok(())
    }
}
