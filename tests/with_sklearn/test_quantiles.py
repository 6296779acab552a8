"""Several quantiles: never crossing, better for it, with the share below that they stand for."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

import lossfn as lf
from lossfn.core.errors import OptionError
from lossfn.sklearn import MLPRegressor, MultiQuantileRegressor

pytestmark = pytest.mark.usefixtures("one_thread")

X, Y = load_diabetes(return_X_y=True)
MANY = np.linspace(0.1, 0.9, 9)
BASES = [
    None,
    MLPRegressor(hidden_layer_sizes=[16], max_iter=15, random_state=0),
    HistGradientBoostingRegressor(max_iter=8, max_leaf_nodes=8),
]


COLUMNS, OPTIMA = "predictions have a column for each quantile", "a linear program may have several optima"
OTHERWISE = {f"check_estimator_sparse_{kind}": COLUMNS for kind in ("array", "matrix")} | {
    f"check_sample_weight_equivalence_on_{kind}_data": OPTIMA for kind in ("dense", "sparse")
}


@parametrize_with_checks([MultiQuantileRegressor()], expected_failed_checks=lambda estimator: OTHERWISE)
def test_the_interface_is_scikit_learns(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


@pytest.mark.parametrize("base", BASES, ids=repr)
def test_quantiles_rise_and_lose_less_than_crossing_ones(base):
    model = MultiQuantileRegressor(base, quantiles=MANY).fit(X, Y)
    alone, found = np.column_stack([each.predict(X) for each in model.estimators_]), model.predict(X)
    assert (np.diff(found) >= 0).all()
    rising, crossed = (np.diff(alone) >= 0).all(axis=1), (np.diff(alone) < -1e-6).any(axis=1)
    assert crossed.any()
    np.testing.assert_array_equal(found[rising], alone[rising])
    before, after = (
        sum(lf.Quantile(q=q)(p, Y, reduction="none") for q, p in zip(MANY, table.T, strict=True))
        for table in (alone, found)
    )
    assert (after[crossed] < before[crossed]).all()


@pytest.mark.parametrize("base", BASES, ids=repr)
def test_intervals_hold_their_share(base):
    share = [(MultiQuantileRegressor(base, quantiles=[0.1, 0.9]).fit(X, Y).predict(X).T - Y > 0).mean(axis=1)]
    np.testing.assert_allclose(share[0], [0.1, 0.9], atol=0.1)


def test_grids_reach_the_estimator_inside():
    search = GridSearchCV(MultiQuantileRegressor(BASES[2]), {"estimator__max_iter": [1, 8]}, cv=2).fit(X, Y)
    assert search.best_params_ == {"estimator__max_iter": 8}
    assert 0 < search.best_score_ < 1


def test_weights_names_and_missing_cells_reach_the_estimator_inside():
    frame = pd.DataFrame(X, columns=list("abcdefghij"))
    weight = (Y > 100).astype(float)
    model = MultiQuantileRegressor(quantiles=[0.02]).fit(frame, Y, sample_weight=weight)
    assert MultiQuantileRegressor(quantiles=[0.02]).fit(frame, Y).predict(frame).mean() < 70
    assert model.predict(frame).mean() > 100
    assert list(model.feature_names_in_) == list(frame.columns)
    holes = frame.mask(frame > 0.1)
    assert np.isfinite(MultiQuantileRegressor(BASES[2]).fit(holes, Y).predict(holes)).all()


@pytest.mark.parametrize(("quantiles", "said"), [([0.9, 0.1], "rise"), ([], "rise"), ([0.5, 1.0], "a number in")])
def test_what_are_no_quantiles_is_said(quantiles, said):
    with pytest.raises(OptionError, match=said):
        MultiQuantileRegressor(quantiles=quantiles).fit(X, Y)
