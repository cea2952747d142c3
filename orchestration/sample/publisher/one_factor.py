"""One factor by maximum likelihood: the weights of indicators that measure the same thing.

Written out here, since the warehouse takes them from a statistics library: where both arrive at
the same nine decimals, neither has got the model wrong.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize, root

from orchestration.sample.country.geography import Floats

_AS_GOOD_AS_ZERO = 1e-11  # of the gradient; loadings are then known to ten decimals and more


def factor_weights(standardised: Floats) -> Floats:
    """Loadings over their sum, to nine decimals. A column is an indicator, a row an area."""
    loading = loadings(np.asarray(np.corrcoef(standardised, rowvar=False)))
    return np.asarray(np.round(loading / loading.sum(), 9))


def loadings(correlation: Floats) -> Floats:
    """Loadings of the one-factor model of a correlation matrix, the first-order equations solved.

    Unknown are the logarithms of the uniquenesses only: given these, the best loadings follow
    from the first eigenvector (Jöreskog 1967). A quasi-Newton search comes near, and solving the
    equations then settles the last digits.
    """
    start = -np.log(np.diag(np.linalg.inv(correlation)))
    near = minimize(_discrepancy, start, (correlation,), jac=_gradient, method="BFGS")
    found = root(_gradient, near.x, (correlation,), tol=1e-15)
    if np.abs(_gradient(found.x, correlation)).max() > _AS_GOOD_AS_ZERO:
        raise ArithmeticError("the indicators do not share one factor")
    loading = _given(found.x, correlation)
    return loading if loading.sum() > 0 else -loading


def _scaled(log_unique: Floats, correlation: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues, ascending, and eigenvectors of the matrix in units of the uniquenesses."""
    unit = np.exp(-log_unique / 2)
    values, vectors = np.linalg.eigh(correlation * np.outer(unit, unit))
    return np.asarray(values), np.asarray(vectors)


def _discrepancy(log_unique: Floats, correlation: Floats) -> float:
    rest = _scaled(log_unique, correlation)[0][:-1]
    return float(np.sum(rest - np.log(rest) - 1))


def _gradient(log_unique: Floats, correlation: Floats) -> Floats:
    """How far the modelled variances are off, in units of the uniquenesses."""
    unique = np.exp(log_unique)
    return np.asarray((_given(log_unique, correlation) ** 2 + unique - 1) / unique)


def _given(log_unique: Floats, correlation: Floats) -> Floats:
    values, vectors = _scaled(log_unique, correlation)
    return np.asarray(np.exp(log_unique / 2) * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0)))
