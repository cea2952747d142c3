"""One-factor weights by maximum likelihood, with what is needed to judge and to repeat them.

The Indices of Deprivation weight the indicators of some sub-domains by their loadings on one common
factor (IoD technical reports, 'factor analysis'): weight = loading / sum of the loadings. The
estimation is statsmodels'; here are its start, which is fixed so that the same values give the same
weights, and what makes an estimate unfit for use.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.settings import moment_of_the_build

Floats = npt.NDArray[np.float64]

DIGITS = 9  # weights are kept to so many decimals, so that no machine's last bit moves a rank
STEEPEST = 1e-5  # the largest slope of the likelihood at which the search has arrived
LEAST_UNIQUENESS = 0.005  # below it the factor is one of the indicators (a Heywood case)
LEAST_EIGENVALUE = 1e-8  # below it an indicator is a sum of the others

COLUMNS = {
    "index_release": "string",
    "sub_domain": "string",
    "indicator": "string",
    "weight": "float64",
    "loading": "float64",
    "uniqueness": "float64",
    "areas": "int64",
    "discrepancy": "float64",
    "chi_square": "float64",
    "degrees_of_freedom": "int64",
    "root_mean_square_residual": "float64",
    "input_sha256": "string",
    "estimated_on": "string",
    "method": "string",
}


@dataclass(frozen=True)
class OneFactor:
    """A one-factor model; arrays are in the order of the indicators.

    Attributes:
        loadings: Correlation of each indicator with the factor.
        uniqueness: Share of each indicator's variance that the factor does not explain.
        discrepancy: ln|S| of the model - ln|S| of the data + tr(S of the data / model) - p; 0 is a
            perfect fit.
        chi_square: Bartlett's corrected statistic of that discrepancy.
        degrees_of_freedom: p (p - 3) / 2; 0 with three indicators, which always fit.
        residual: Root mean square of the correlations that the factor leaves unexplained.
    """

    loadings: Floats
    uniqueness: Floats
    discrepancy: float
    chi_square: float
    degrees_of_freedom: int
    residual: float

    @property
    def weights(self) -> Floats:
        """Loadings over their sum."""
        return np.asarray(self.loadings / self.loadings.sum())


class EstimationError(ValueError):
    """The indicators give no usable factor; the text says why and what to do."""


def one_factor(correlation: Floats, observations: int) -> OneFactor:
    """The maximum-likelihood one-factor model of p indicators.

    Args:
        correlation: Their correlations, p x p.
        observations: How many areas they come from.

    Raises:
        EstimationError: fewer than three indicators, one that is constant or a sum of others, no
            convergence, a Heywood case, or loadings of both signs.
    """
    count = len(correlation)
    if count < 3:
        raise EstimationError(f"{count} indicators; one factor needs three or more")
    if not np.isfinite(correlation).all():
        raise EstimationError("an indicator is constant, so it has no correlation")
    eigenvalues, eigenvectors = np.linalg.eigh(correlation)
    if eigenvalues[0] < LEAST_EIGENVALUE:
        raise EstimationError("an indicator repeats others, or is a sum of them")
    first = eigenvectors[:, -1] * np.sign(eigenvectors[:, -1].sum())
    loadings, uniqueness = _fit(
        correlation,
        observations,
        first * np.sqrt(max(eigenvalues[-1] - 1.0, 0.1 * count)),
        np.clip(0.5 / np.diag(np.linalg.inv(correlation)), 0.05, 0.95),
    )
    implied = np.outer(loadings, loadings) + np.diag(uniqueness)
    inverse = np.linalg.inv(implied)
    slope = inverse @ (implied - correlation) @ inverse
    steepest = max(
        np.abs(2 * slope @ loadings).max(),
        np.abs(2 * np.diag(slope) * np.sqrt(np.abs(uniqueness))).max(),
    )
    # Where the search goes out of bounds it need not arrive, and a loading above one tells.
    least = np.minimum(uniqueness, 1 - loadings**2)
    if least.min() < LEAST_UNIQUENESS:
        raise EstimationError(
            f"indicator {int(least.argmin()) + 1} is the factor itself (a Heywood case: "
            f"uniqueness {least.min():.4f})"
        )
    if not steepest < STEEPEST:
        raise EstimationError(f"the search did not arrive (slope {steepest:.1e})")
    if not (loadings > 0).all():
        listed = ", ".join(f"{loading:.3f}" for loading in loadings)
        raise EstimationError(
            f"loadings of both signs ({listed}): a direction is wrong, or there is no one factor"
        )
    discrepancy = float(
        np.linalg.slogdet(implied)[1]
        - np.linalg.slogdet(correlation)[1]
        + np.trace(inverse @ correlation)
        - count
    )
    residuals = (correlation - implied)[np.triu_indices(count, 1)]
    return OneFactor(
        loadings=loadings,
        uniqueness=uniqueness,
        discrepancy=discrepancy,
        chi_square=(observations - 1 - (2 * count + 5) / 6 - 2 / 3) * discrepancy,
        degrees_of_freedom=count * (count - 3) // 2,
        residual=float(np.sqrt(np.mean(residuals**2))),
    )


def _fit(
    correlation: Floats, observations: int, loadings: Floats, uniqueness: Floats
) -> tuple[Floats, Floats]:
    # statsmodels takes a second and a half to import.
    from statsmodels.multivariate.factor import Factor

    with warnings.catch_warnings():
        # Whether it arrived is judged by the slope, which says more than the search's own word.
        warnings.simplefilter("ignore")
        try:
            found = Factor(corr=correlation, n_factor=1, method="ml", nobs=observations).fit(
                start=(loadings[:, None], uniqueness), opt={"gtol": 1e-9, "maxiter": 2000}
            )
        except np.linalg.LinAlgError as error:
            raise EstimationError(f"no solution ({error})") from error
    ends = np.asarray(found.loadings, dtype=np.float64)[:, 0]
    return ends * (1.0 if ends.sum() >= 0 else -1.0), np.asarray(found.uniqueness, np.float64)


def estimate_weights(inputs: pd.DataFrame) -> pd.DataFrame:
    """Weights of every sub-domain in the inputs.

    Args:
        inputs: index_release, sub_domain, indicator, area_code, standard_score, a row an area and
            indicator. Areas that lack one of a sub-domain's indicators are left out of it.

    Returns:
        A row an indicator, with the columns of ``COLUMNS``.

    Raises:
        EstimationError: names the sub-domain and why it has no weights.
    """
    rows: list[dict[str, object]] = []
    groups = inputs.groupby(["index_release", "sub_domain"], sort=True)
    for (index_release, sub_domain), group in groups:
        scores = (
            group.pivot(index="area_code", columns="indicator", values="standard_score")
            .sort_index()
            .sort_index(axis=1)
            .dropna()
        )
        values = np.ascontiguousarray(scores.to_numpy(np.float64))
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = np.atleast_2d(np.corrcoef(values, rowvar=False))
        try:
            model = one_factor(correlation, len(scores))
        except EstimationError as error:
            raise EstimationError(
                f"no one-factor weights for {index_release}, {sub_domain} "
                f"(indicators: {', '.join(scores.columns)}): {error}. Look at the directions in "
                "dbt_project/seeds/indicators.csv, or choose another weighting in sub_domains.csv"
            ) from error
        digest = hashlib.sha256("\n".join([*scores.columns, *scores.index]).encode())
        digest.update(values.tobytes())
        rows += [
            {
                "index_release": index_release,
                "sub_domain": sub_domain,
                "indicator": indicator,
                "weight": weight,
                "loading": loading,
                "uniqueness": uniqueness,
                "areas": len(scores),
                "discrepancy": model.discrepancy,
                "chi_square": model.chi_square,
                "degrees_of_freedom": model.degrees_of_freedom,
                "root_mean_square_residual": model.residual,
                "input_sha256": digest.hexdigest(),
                "estimated_on": moment_of_the_build().date().isoformat(),
                "method": "statsmodels Factor, one factor, maximum likelihood",
            }
            for indicator, weight, loading, uniqueness in zip(
                scores.columns,
                model.weights.round(DIGITS),
                model.loadings.round(DIGITS),
                model.uniqueness.round(DIGITS),
                strict=True,
            )
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
