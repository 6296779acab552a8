"""Engines trained under objectives: both ways of calling them, start values, early stopping, saving and loading."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

import lossfn as lf
from lossfn import boosting
from peers import peer

pytestmark = pytest.mark.peer
xgboost, lightgbm, catboost = peer("xgboost"), peer("lightgbm"), peer("catboost")

X, Y = load_diabetes(return_X_y=True)
WEIGHT = np.random.default_rng(0).uniform(0.5, 2.0, len(Y))
ROUNDS = 30


class SmoothQuantile(lf.Pointwise, register=False):
    q: float = 0.9
    width: float = 5.0

    def formula(self, m, prediction, target):
        excess = prediction - target
        return self.width * m.softplus(excess / self.width) - self.q * excess


NUMBERS = [
    lf.SquaredError(), lf.AbsoluteError(), lf.Quantile(0.9), lf.Expectile(0.9), lf.Huber(5.0), lf.LogCosh(),
    lf.Tukey(200.0), lf.Poisson(), lf.Gamma(), lf.Tweedie(1.5), lf.SquaredLogError(), SmoothQuantile(),
]  # fmt: skip
TWO = [
    lf.BinaryCrossEntropyWithLogits(), lf.BinaryCrossEntropy(), lf.BinaryFocal(), lf.Hinge(), lf.SquaredHinge(),
    lf.ModifiedHuber(), lf.SoftMargin(), lf.Exponential(),
]  # fmt: skip
CLASSES = [lf.CrossEntropy(label_smoothing=0.1), lf.Focal(), lf.PolyCrossEntropy(), lf.GeneralizedCrossEntropy()]
FITS = [(loss, X, Y) for loss in NUMBERS]
FITS += [(loss, *load_breast_cancer(return_X_y=True)) for loss in TWO]
FITS += [(loss, *load_wine(return_X_y=True)) for loss in [*CLASSES, lf.NegativeLogLikelihood()]]
ids = [type(loss).__name__ for loss, _, _ in FITS]


def tiled(start, rows):
    return np.tile(np.asarray(start, np.float64), (rows, 1)) if isinstance(start, list) else np.full(rows, start)


def with_xgboost(loss, x, y):
    objective = boosting.xgboost(loss)
    start = objective.start(y)
    more = {"num_class": len(start), "objective": "multi:softprob"} if isinstance(start, list) else {}
    data, log = xgboost.DMatrix(x, y), {}
    params = {"base_score": start, "disable_default_eval_metric": 1, "nthread": 1, "max_depth": 3, **more}
    told = {"custom_metric": objective.metric, "evals": [(data, "train")], "evals_result": log, "verbose_eval": False}
    model = xgboost.train(params, data, ROUNDS, obj=objective, **told)
    return model.predict(data, output_margin=True), next(iter(log["train"].values())), start, objective


def with_lightgbm(loss, x, y):
    objective, log = boosting.lightgbm(loss), {}
    start = objective.start(y)
    params = {"objective": objective, "verbose": -1, "num_threads": 1, "num_leaves": 7, "metric": "None"}
    params |= {"num_class": len(start)} if isinstance(start, list) else {}
    data = lightgbm.Dataset(x, y, init_score=tiled(start, len(y)))
    callbacks = [lightgbm.record_evaluation(log)]
    told = {"valid_sets": [data], "feval": objective.metric, "callbacks": callbacks}
    model = lightgbm.train(params, data, ROUNDS, **told)
    scores = model.predict(x, raw_score=True) + tiled(start, len(y))
    return scores, next(iter(log["training"].values())), start, objective


def with_catboost(loss, x, y):
    objective = boosting.catboost(loss)
    start = objective.start(y)
    rows, rounds = (60, 3) if isinstance(start, list) else (len(y), ROUNDS)
    chosen = np.random.default_rng(0).permutation(len(y))[:rows]
    x, y = x[chosen], y[chosen]
    params = {"loss_function": objective, "eval_metric": objective.metric, "iterations": rounds, "thread_count": 1}
    params |= {"depth": 3, "learning_rate": 0.3, "verbose": False, "allow_writing_files": False}
    params |= {"classes_count": len(start)} if isinstance(start, list) else {}
    pool = catboost.Pool(x, y, baseline=tiled(start, len(y)))
    model = catboost.CatBoost(params)
    model.fit(pool)
    log = next(iter(model.get_evals_result()["learn"].values()))
    return model.predict(pool, prediction_type="RawFormulaVal"), log, start, objective


@pytest.mark.parametrize("train", [with_xgboost, with_lightgbm, with_catboost])
@pytest.mark.parametrize(("loss", "x", "y"), FITS, ids=ids)
def test_training_goes_downhill_from_the_best_constant(train, loss, x, y):
    scores, log, start, objective = train(loss, x, y)
    if train is with_catboost:
        assert log[-1] < log[0]
        return
    constant = objective.metric.total(tiled(start, len(y)), y, None).mean()
    assert objective.metric.total(scores, y, None).mean() == pytest.approx(log[-1], rel=1e-4, abs=1e-6)
    assert log[0] < constant
    assert log[-1] < log[0]


@pytest.mark.covers(137)
def test_quantiles_lie_where_they_should():
    for train in (with_xgboost, with_lightgbm):
        scores, *_ = train(lf.Quantile(0.8), X, Y)
        assert np.mean(scores >= Y) == pytest.approx(0.8, abs=0.05)


def test_scikit_learn_forms_weigh_like_the_native_ones():
    objective = boosting.xgboost(lf.Huber(5.0))
    start = objective.start(Y, WEIGHT)
    given = {"n_estimators": ROUNDS, "max_depth": 3, "n_jobs": 1, "base_score": start}
    model = clone(xgboost.XGBRegressor(objective=objective, eval_metric=objective.metric, **given))
    model.fit(X, Y, sample_weight=WEIGHT, eval_set=[(X, Y)], verbose=False)
    params = {"base_score": start, "max_depth": 3, "nthread": 1}
    native = xgboost.train(params, xgboost.DMatrix(X, Y, weight=WEIGHT), ROUNDS, obj=objective)
    np.testing.assert_allclose(model.predict(X), native.predict(xgboost.DMatrix(X)), rtol=1e-5)

    objective = boosting.lightgbm(lf.Huber(5.0))
    model = clone(lightgbm.LGBMRegressor(objective=objective, n_estimators=ROUNDS, n_jobs=1, verbose=-1))
    model.fit(X, Y, WEIGHT, eval_X=X, eval_y=Y, eval_metric=objective.metric)
    params = {"objective": objective, "verbose": -1, "num_threads": 1}
    native = lightgbm.train(params, lightgbm.Dataset(X, Y, weight=WEIGHT), ROUNDS)
    np.testing.assert_allclose(model.predict(X), native.predict(X), rtol=1e-12)


@pytest.mark.parametrize(("loss", "data"), [(lf.BinaryFocal(), "two"), (lf.CrossEntropy(), "two"), (lf.Focal(), "all")])
def test_catboosts_classifier_knows_the_names_it_is_given(loss, data):
    x, number = load_wine(return_X_y=True)
    x, number = (x[number < 2], number[number < 2]) if data == "two" else (x, number)
    names = np.array(["red", "rosé", "white"])[: number.max() + 1]
    objective = boosting.catboost(loss)
    told = {"loss_function": objective, "eval_metric": objective.metric, "class_names": names, "iterations": 5}
    model = catboost.CatBoostClassifier(**told, verbose=False, allow_writing_files=False).fit(x, names[number])
    assert (model.predict(x).ravel() == names[number]).mean() > 0.9
    scores = objective.transform(model.predict(x, prediction_type="RawFormulaVal"))
    found = model.predict_proba(x)
    np.testing.assert_allclose(found if scores.ndim > 1 else found[:, 1], scores, rtol=1e-12)


def test_early_stopping_reads_the_metric():
    objective = boosting.xgboost(lf.Quantile(0.5))
    given = {"n_estimators": 500, "learning_rate": 0.5, "early_stopping_rounds": 5, "n_jobs": 1}
    model = xgboost.XGBRegressor(
        objective=objective, eval_metric=objective.metric, base_score=objective.start(Y[:300]), **given
    )
    model.fit(X[:300], Y[:300], eval_set=[(X[300:], Y[300:])], verbose=False)
    assert model.best_iteration < 400
    loss = float(lf.Quantile(0.5)(model.predict(X[300:]), Y[300:]))
    assert loss == pytest.approx(model.best_score, rel=1e-5)


def test_saved_models_load_without_this_library(tmp_path):
    objective = boosting.xgboost(lf.Poisson())
    start = objective.start(Y)
    data = xgboost.DMatrix(X, Y)
    model = xgboost.train({"base_score": start, "nthread": 1}, data, 5, obj=objective)
    model.save_model(tmp_path / "model.json")
    again = xgboost.Booster(model_file=tmp_path / "model.json")
    np.testing.assert_array_equal(model.predict(data), again.predict(data))
    assert objective.transform(again.predict(data)).mean() == pytest.approx(Y.mean(), rel=0.05)

    params = {"objective": boosting.lightgbm(lf.Poisson()), "verbose": -1, "num_threads": 1}
    model = lightgbm.train(params, lightgbm.Dataset(X, Y, init_score=np.full(len(Y), start)), 5)
    again = lightgbm.Booster(model_str=model.model_to_string())
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


def test_lines_of_the_readme_train(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # CatBoost writes a log where it runs
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (lines,) = re.findall(r"^```py\n(from lossfn import boosting\n.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    names = {"lf": lf, "np": np, "x": X, "y": Y, "xgboost": xgboost, "lightgbm": lightgbm, "catboost": catboost}
    for part in lines.split("objective = ")[1:]:
        part = part.replace(".fit(", ".set_params(n_estimators=5).fit(")
        exec("from lossfn import boosting\nobjective = " + part, names)
        assert names["model"].predict(X).shape == Y.shape


def test_bad_labels_stop_the_training():
    objective = boosting.xgboost(lf.Poisson())
    with pytest.raises(lf.core.errors.DomainError, match="target"):
        xgboost.train({}, xgboost.DMatrix(X, -Y), 1, obj=objective)
    objective = boosting.lightgbm(lf.CrossEntropy())
    params = {"objective": objective, "num_class": 3, "verbose": -1}
    with pytest.raises(lf.core.errors.TargetError, match="class numbers"):
        lightgbm.train(params, lightgbm.Dataset(X, Y + 0.5), 1)


def test_what_lightgbm_makes_of_labels_that_are_no_numbers():
    objective, labels, seen = boosting.lightgbm(lf.Huber()), np.where(np.arange(len(Y)) == 1, np.nan, Y), []
    labels[2] = np.inf
    with pytest.raises(lf.core.errors.TargetError, match="nan at row 1"):
        objective.start(labels)
    with pytest.raises(ValueError, match="NaN"):
        lightgbm.LGBMRegressor(objective=objective, verbose=-1).fit(X, labels)

    def watched(scores, data):
        seen.append(data.get_label())
        return objective(scores, data)

    lightgbm.train({"objective": watched, "verbose": -1}, lightgbm.Dataset(X, labels), 1)
    assert seen[0][1:3].tolist() == [0.0, np.float32(1e38)]


def test_a_variance_is_learned_beside_a_mean():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (2000, 1))
    y = rng.normal(0, np.where(x[:, 0] > 0.5, 3.0, 1.0))
    objective = boosting.xgboost(lf.GaussianNLL())
    params = {"base_score": objective.start(y), "num_class": 2, "objective": "multi:softprob", "max_depth": 2}
    model = xgboost.train(params | {"nthread": 1}, xgboost.DMatrix(x, y), 30, obj=objective)
    found = objective.transform(model.predict(xgboost.DMatrix([[0.25], [0.75]]), output_margin=True))
    np.testing.assert_allclose(found[:, 1], [1.0, 9.0], rtol=0.35)
    np.testing.assert_allclose(found[:, 0], 0.0, atol=0.4)
