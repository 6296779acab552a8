"""Objectives without an engine: what they return, and what they refuse."""

import copy
import pickle

import numpy as np
import pytest

import lossfn as lf
from lossfn import boosting
from lossfn.core.errors import (
    ArgumentError,
    DerivativeError,
    DomainError,
    OptionError,
    ShapeError,
    TargetError,
    WeightError,
)
from with_boosting.made import CLASSES, LOSSES, dataset, drawn, outputs

ENGINES = [boosting.xgboost, boosting.lightgbm]


def parallel(a, b, tolerance=2e-6):
    """Whether two slopes point the same way: one positive factor an output."""
    a, b = (np.float64(x).reshape(len(x), -1) for x in (a, b))
    factor = (a * b).sum(axis=0) / np.maximum((b * b).sum(axis=0), 1e-300)
    assert np.all(factor > 0)
    np.testing.assert_allclose(a, b * factor, rtol=tolerance, atol=tolerance * abs(a).max())


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_gradient_is_the_slope_of_the_metric(loss, make):
    scores, labels = drawn(loss, np.random.default_rng(1))
    weights = np.random.default_rng(2).uniform(0.5, 2.0, len(labels))
    objective, scores = make(loss), np.float64(scores)
    gradient, hessian = objective(scores, dataset(labels, weights))
    assert gradient.shape == hessian.shape == scores.shape
    assert np.isfinite(hessian).all()
    assert hessian.min() >= 0
    assert hessian.max() > 0
    slope, step = np.zeros_like(scores), 1e-6
    for place in range(outputs(loss)):
        moved = step * (np.arange(outputs(loss)) == place if scores.ndim > 1 else 1.0)
        ahead, behind = (terms(objective, x, labels) for x in (scores + moved, scores - moved))
        slope.reshape(len(labels), -1)[:, place] = (ahead - behind) * weights / (2 * step)
    parallel(gradient, slope, 1e-5)


def terms(objective, scores, labels):
    several = scores.ndim > 1 and len(objective.loss.predictions) > 1
    given = tuple(scores.T.copy()) if several else scores
    return objective.raw(given, objective.target(labels), reduction="none")


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_all_ways_of_calling_agree(loss):
    scores, labels = drawn(loss, np.random.default_rng(3))
    weights = np.float32(np.random.default_rng(4).uniform(0.5, 2.0, len(labels)))
    one, other = boosting.xgboost(loss), boosting.lightgbm(loss)
    native = one(scores, dataset(labels, weights))
    assert native[0].dtype == np.float32
    lists = one(labels.tolist(), scores.tolist(), weights.tolist())
    columns = other(np.asfortranarray(np.float64(scores)), dataset(labels, weights))
    for again in (one(labels, scores, weights), lists, columns):
        for a, b in zip(native, again, strict=True):
            np.testing.assert_allclose(a, b, rtol=3e-6, atol=1e-6 * abs(b).max())


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_whole_weights_repeat_rows(loss):
    scores, labels = drawn(loss, np.random.default_rng(5), 40)
    counts = np.random.default_rng(6).integers(1, 4, 40)
    objective = boosting.xgboost(loss)
    weighted = objective(np.float64(scores), dataset(labels, counts))
    repeated = objective(np.repeat(np.float64(scores), counts, axis=0), dataset(np.repeat(labels, counts)))
    first = np.cumsum(counts) - counts
    shaped = counts.reshape(-1, *[1] * (scores.ndim - 1))
    if objective.raw.rule[0] not in ("residual", "even part", "sum"):  # there corners are capped by a median of rows
        for a, b in zip(weighted, repeated, strict=True):
            np.testing.assert_allclose(a, b[first] * shaped, rtol=1e-9)
    parallel(weighted[0], repeated[0][first] * shaped)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_start_is_where_the_slopes_balance(loss):
    _, labels = drawn(loss, np.random.default_rng(7), 200)
    weights = np.random.default_rng(8).uniform(0.5, 2.0, len(labels))
    objective = boosting.lightgbm(loss)
    start = np.atleast_1d(objective.start(labels, weights))
    assert len(start) == outputs(loss)
    best = objective.metric.total(tiled(start, labels), labels, weights).total
    for place in range(len(start)):
        for step in (-0.01, 0.01):
            moved = start.copy()
            moved[place] += step
            assert (
                objective.metric.total(tiled(moved, labels), labels, weights).total >= best - 1e-9 * abs(best) - 1e-12
            )


def tiled(start, labels):
    return np.tile(start, (len(labels), 1)) if len(start) > 1 else np.full(len(labels), start[0])


@pytest.mark.parametrize("make", [*ENGINES, boosting.catboost])
def test_copies_are_equal(make):
    objective = make(lf.Focal(gamma=1.0), floor=0.1)
    assert pickle.loads(pickle.dumps(objective)) == copy.deepcopy(objective) == objective
    assert objective != make(lf.Focal(gamma=2.0), floor=0.1)


def test_copies_remember_nothing_that_was_seen():
    scores, labels = np.random.default_rng(0).normal(size=(2, 50))
    block, rounds = boosting.catboost(lf.Quantile(0.9)), boosting.xgboost(lf.CrossEntropy())
    block.calc_ders_range(scores, np.float32(labels), None)
    rounds(np.zeros((50, CLASSES)), dataset(np.float32(np.arange(50) % CLASSES)))
    for used in (block, rounds):
        for again in (pickle.loads(pickle.dumps(used)), copy.copy(used), copy.deepcopy(used)):
            assert again == used
            assert set(again.__dict__) == set(type(used)(used.loss).__dict__)


def test_labels_are_converted_once(monkeypatch):
    objective, asked = boosting.xgboost(lf.CrossEntropy()), []
    target = boosting.objective.Objective.target
    monkeypatch.setattr(boosting.objective.Objective, "target", lambda s, x: asked.append(len(x)) or target(s, x))
    scores, labels = np.random.default_rng(0).normal(size=(50, CLASSES)), np.float32(np.arange(50) % CLASSES)
    first = objective(scores, dataset(labels.copy()))[0]
    np.testing.assert_array_equal(objective(scores, dataset(labels.copy()))[0], first)
    assert asked == [50]
    labels[7] = (labels[7] + 1) % CLASSES
    changed = objective(scores, dataset(labels))[0]
    assert np.flatnonzero((changed != first).any(axis=1)).tolist() == [7]
    labels[7] = (labels[7] + 1) % CLASSES  # in place
    assert (objective(scores, dataset(labels))[0][7] != changed[7]).any()
    with pytest.raises(TargetError, match="nan at row 9"):
        objective(scores, dataset(np.where(np.arange(50) == 9, np.nan, labels)))
    assert objective(scores[:20], dataset(labels[:20]))[0].shape == (20, CLASSES)


def test_known_starts():
    y = np.array([1.0, 2.0, 3.0, 10.0])
    assert boosting.xgboost(lf.SquaredError()).start(y) == pytest.approx(4.0, rel=1e-14)
    assert boosting.xgboost(lf.Quantile(0.9)).start(y) == pytest.approx(10.0, rel=1e-12)
    assert boosting.xgboost(lf.Poisson()).start(y) == pytest.approx(np.log(4.0), rel=1e-14)
    assert boosting.xgboost(lf.Poisson()).start(y, [1, 1, 1, 0]) == pytest.approx(np.log(2.0), rel=1e-14)
    logit = boosting.xgboost(lf.BinaryCrossEntropyWithLogits()).start(np.array([0, 0, 0, 1]))
    assert logit == pytest.approx(-np.log(3.0), rel=1e-14)
    classes = np.array(boosting.xgboost(lf.CrossEntropy()).start(np.array([0, 0, 1, 2])))
    np.testing.assert_allclose(np.exp(classes - classes[0]), [1.0, 0.5, 0.5], rtol=1e-12)
    ignoring = boosting.xgboost(lf.CrossEntropy(ignore_index=-1)).start([0, -1, 0, 1, 2, -1])
    np.testing.assert_allclose(ignoring, classes, rtol=1e-12)
    assert boosting.xgboost(lf.SquaredError()).start(y[:, None]) == pytest.approx(4.0, rel=1e-14)


@pytest.mark.parametrize("labels", [[0] * 999 + [1], [0, 0, 2, 2], [0] * 99999 + [1, 2]], ids=len)
@pytest.mark.parametrize("loss", [lf.CrossEntropy(label_smoothing=0.1), lf.Focal(), lf.PolyCrossEntropy()], ids=repr)
def test_rare_and_absent_classes_have_a_start(loss, labels):
    objective, labels = boosting.xgboost(loss), np.array(labels)
    start = objective.start(labels)
    gradient, _ = objective.raw.grad_and_hess(np.tile(start, (len(labels), 1)), labels)
    np.testing.assert_allclose(gradient.mean(axis=0), 0.0, atol=1e-9)
    assert np.abs(start).max() < 40.0


@pytest.mark.parametrize("labels", ["01", "pm1"])
def test_fisher_expects_one_of_two_labels(labels):
    scores = np.array([-2.0, 0.0, 3.0])
    bent = boosting.xgboost(lf.SoftMargin(labels=labels), hessian="fisher")(scores, dataset(np.ones(3)))[1]
    p = 1.0 / (1.0 + np.exp(-scores))
    np.testing.assert_allclose(bent, p * (1.0 - p), rtol=1e-12)


def test_named_curvatures():
    scores, labels = np.array([0.0, 1.0, -1.0]), dataset(np.array([1.0, 2.0, 3.0]))
    mean, y = np.exp(scores), labels.get_label()
    for rule, expected in [("exact", y / mean), ("fisher", np.ones(3)), ("engine", y / mean)]:
        np.testing.assert_allclose(boosting.xgboost(lf.Gamma(), hessian=rule)(scores, labels)[1], expected, rtol=1e-12)
    poisson = boosting.lightgbm(lf.Poisson(), hessian="engine")(scores, labels)[1]
    np.testing.assert_array_equal(poisson, np.float32(mean * np.exp(0.7)))
    tweedie = boosting.lightgbm(lf.Tweedie(1.5), hessian="fisher")(scores, labels)[1]
    np.testing.assert_array_equal(tweedie, np.float32(np.sqrt(mean)))
    ones = boosting.lightgbm(lf.Huber(0.1), hessian="engine")(scores, labels)[1]
    np.testing.assert_array_equal(ones, 1.0)
    residual = scores - y
    gradient, hessian = boosting.xgboost(lf.Huber(0.1))(scores, labels)
    np.testing.assert_allclose(gradient / hessian, residual, rtol=1e-12)  # the step to a squared error's optimum
    np.testing.assert_allclose(hessian.mean(), 1.0, rtol=1e-12)


def test_curvatures_of_classes():
    scores, labels = np.random.default_rng(0).normal(size=(5, CLASSES)), np.array([0, 1, 2, 0, 1])
    p = lf.softmax(scores)
    for make, rule, factor in [
        (boosting.xgboost, None, 2.0),
        (boosting.xgboost, "exact", 1.0),
        (boosting.xgboost, "fisher", 1.0),
        (boosting.xgboost, "engine", 2.0),
        (boosting.lightgbm, "engine", 1.5),
        (boosting.catboost, "engine", 1.0),
    ]:
        hessian = make(lf.CrossEntropy(), hessian=rule).derivatives(scores, labels, None)[1]
        np.testing.assert_allclose(hessian, factor * p * (1 - p), rtol=1e-12)


@pytest.mark.parametrize("loss", [x for x in LOSSES if isinstance(x, lf.Row) and x.convex], ids=repr)
def test_catboost_gets_the_slopes_of_the_gradient(loss):
    scores, label, step = np.array([0.3, -0.8, 1.1]), 1, 1e-5
    objective = boosting.catboost(loss, hessian="exact")
    moved = [(scores + step * unit, scores - step * unit) for unit in np.eye(CLASSES)]
    slopes = [[objective.calc_ders_multi(at, label, 2.0)[0] for at in pair] for pair in moved]
    expected = [(ahead - behind) / (2 * step) for ahead, behind in slopes]
    np.testing.assert_allclose(objective.calc_ders_multi(scores, label, 2.0)[1], expected, atol=1e-9)


@pytest.mark.parametrize("loss", [lf.Huber(0.5), lf.Quantile(0.9), lf.Poisson(), lf.BinaryFocal()], ids=repr)
@pytest.mark.parametrize("weighted", [False, True])
def test_catboost_gets_every_block_in_one_unit(loss, weighted):
    scores, labels = (np.float64(part) for part in drawn(loss, np.random.default_rng(0), 1000))
    weights = np.random.default_rng(1).uniform(0.5, 2.0, 1000) if weighted else None
    objective, few = boosting.catboost(loss), slice(3, 7)
    first = objective.calc_ders_range(scores, labels, weights)
    assert first.shape == (1000, 2)
    again = objective.calc_ders_range(scores[few], labels[few], None if weights is None else weights[few])
    np.testing.assert_allclose(again, first[few], rtol=1e-12)
    other = boosting.xgboost(loss).derivatives(scores, labels, weights)
    np.testing.assert_allclose(first.T, np.negative(other), rtol=1e-12)
    anew = copy.deepcopy(objective).calc_ders_range(scores[few], labels[few], None)
    assert np.allclose(anew, again) == (loss not in (lf.Huber(0.5), lf.Quantile(0.9)) and not weighted)


@pytest.mark.parametrize("hessian", [None, "exact"])
def test_catboost_has_one_score_for_two_classes(hessian):
    scores, labels, step = np.array([-1.0, 0.5, 3.0]), np.array([0.0, 1.0, 0.0]), 1e-6
    objective, weights = boosting.catboost(lf.CrossEntropy(), hessian=hessian), np.array([1.0, 2.0, 0.5])
    found = objective.calc_ders_range(scores, labels, weights)
    p = 1.0 / (1.0 + np.exp(-scores))
    np.testing.assert_allclose(found, np.stack([weights * (labels - p), -weights * p * (1 - p)], axis=1), rtol=1e-12)
    ahead, behind = (objective.metric.evaluate([scores + way * step], labels, weights)[0] for way in (1, -1))
    assert (ahead - behind) / (2 * step) == pytest.approx(-found[:, 0].sum(), rel=1e-7)
    assert objective.start([0, 1, 1, 1]) == pytest.approx(np.log(3.0))
    np.testing.assert_allclose(objective.transform(scores)[:, 1], p)


def test_a_block_without_curvature_follows_one_with():
    objective = boosting.catboost(lf.Huber(1.0), hessian="exact")
    objective.calc_ders_range(np.array([0.5, 3.0]), np.zeros(2), None)
    np.testing.assert_array_equal(objective.calc_ders_range(np.array([3.0]), np.zeros(1), None), [[-1.0, 0.0]])
    with pytest.raises(ArgumentError, match="0 in every row"):
        copy.deepcopy(objective).calc_ders_range(np.array([3.0]), np.zeros(1), None)


def test_rows_on_a_corner_do_not_outweigh_all_others():
    scores, labels = np.array([0.0, 0.0, 0.0, 1.0, 2.0]), np.zeros(5)
    for weight in (1.0, 7.0):
        weights = np.array([weight, 1.0, 1.0, 1.0, 1.0])
        gradient, hessian = boosting.xgboost(lf.AbsoluteError())(scores, dataset(labels, weights))
        np.testing.assert_allclose(gradient[3:] / hessian[3:], [1.0, 2.0])  # to where the residual is 0
        np.testing.assert_allclose(hessian[:3] / hessian[3] * 0.75, [weight, 1.0, 1.0])  # half the median of 1 and 2


def test_near_a_corner_each_side_keeps_its_slope():
    residual = np.array([-8.0, -4.0, -0.1, 0.1, 4.0, 8.0])
    gradient, hessian = boosting.xgboost(lf.Quantile(0.9))(residual, dataset(np.zeros(6)))
    np.testing.assert_allclose(gradient / hessian, [-8.0, -4.0, -2.0, 2.0, 4.0, 8.0])  # half the median of 4


def test_engines_mean_half_a_square_and_round_labels():
    scores, data = np.array([0.0, 1.0]), dataset(np.array([3.0, 3.0]), np.array([1.0, 2.0]))
    for make in ENGINES:
        gradient, hessian = make(lf.SquaredError(), hessian="engine")(scores, data)
        np.testing.assert_array_equal(gradient, [-3.0, -4.0])
        np.testing.assert_array_equal(hessian, [1.0, 2.0])
        assert make(lf.AbsoluteError(), hessian="engine")(scores, data)[1].tolist() == [1.0, 2.0]
        assert make(lf.SquaredError()).start([0.1]) == np.float32(0.1)


def test_meanings():
    assert boosting.xgboost(lf.Poisson()).transform(1.0) == np.exp(1.0)
    assert boosting.xgboost(lf.BinaryCrossEntropy()).transform([0.0]).tolist() == [0.5]
    assert boosting.xgboost(lf.SquaredHinge()).transform([-3.0, 0.5]).tolist() == [0.0, 0.75]
    assert boosting.xgboost(lf.Quantile(0.9)).transform([4.0]).tolist() == [4.0]
    np.testing.assert_allclose(boosting.xgboost(lf.CrossEntropy()).transform([[0.0, 0.0]]), [[0.5, 0.5]])
    mean, variance = boosting.xgboost(lf.GaussianNLL()).transform([[-2.0, -2.0]])[0]
    assert mean == -2.0
    assert variance == pytest.approx(np.log1p(np.exp(-2.0)))


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (OptionError, "exact, majorizer", lambda: boosting.xgboost(lf.Huber(), hessian="true")),
        (OptionError, "boosting.xgboost or", lambda: boosting.catboost(lf.GaussianNLL())),
        (DerivativeError, "surrogate", lambda: boosting.xgboost(lf.ZeroOne())),
        (DerivativeError, "one label a row", lambda: boosting.lightgbm(lf.KLDivergence())),
        (DerivativeError, "fisher", lambda: run(boosting.xgboost(lf.Huber(), hessian="fisher"), [0.0])),
        (DerivativeError, "probabilities", lambda: boosting.xgboost(lf.Focal(), hessian="fisher")),
        (DerivativeError, "majorizer", lambda: boosting.xgboost(lf.Gamma(), hessian="majorizer")),
        (ArgumentError, "not convex", lambda: run(boosting.xgboost(lf.Welsch(), hessian="exact"), [9.0])),
        (ArgumentError, "0 in every row", lambda: run(boosting.xgboost(lf.Quantile(0.9), hessian="exact"), [9.0])),
        (ArgumentError, "objective.start", lambda: run(boosting.xgboost(lf.Welsch()), [99.0, 88.0])),
        (ArgumentError, "objective.start", lambda: run(boosting.lightgbm(lf.Welsch()), [25.0, 88.0])),
        (OptionError, "lossfn.Huber", lambda: boosting.xgboost("huber")),
        (OptionError, "lossfn.Huber", lambda: boosting.catboost(lf.Huber)),
        (TargetError, "nan at row 1", lambda: boosting.lightgbm(lf.Huber()).start([1.0, np.nan])),
        (ShapeError, r"shape \(0,\)", lambda: boosting.xgboost(lf.Huber()).start([])),
        (ShapeError, r"shape \(2, 2\)", lambda: boosting.xgboost(lf.Huber()).start(np.ones((2, 2)))),
        (ShapeError, "sample_weight", lambda: boosting.xgboost(lf.CrossEntropy()).start([0, 1], [1.0])),
        (WeightError, "only zeros", lambda: boosting.xgboost(lf.Huber()).start([0, 1], [0.0, 0.0])),
        (WeightError, "only zeros", lambda: run(boosting.xgboost(lf.Huber()), [0.0], [1.0], [0.0])),
        (TargetError, "-1 at row 2", lambda: boosting.xgboost(lf.CrossEntropy()).start([0, 1, -1])),
        (TargetError, "one class", lambda: boosting.xgboost(lf.CrossEntropy()).start([0, 0])),
        (TargetError, "classes_count", lambda: boosting.catboost(lf.Focal()).calc_ders_range([0.0], [2.0], None)),
        (ShapeError, "num_class", lambda: run(boosting.xgboost(lf.CrossEntropy()), [1.0, 2.0])),
        (ShapeError, "num_class=2", lambda: run(boosting.lightgbm(lf.GaussianNLL()), [1.0, 2.0])),
        (ShapeError, "num_class=2", lambda: run(boosting.xgboost(lf.GaussianNLL()), [[1.0, 2.0, 3.0]])),
        (ArgumentError, "row 1", lambda: run(boosting.xgboost(lf.Huber()), [1.0, np.nan])),
        (DomainError, "target", lambda: run(boosting.xgboost(lf.Poisson()), [1.0], [-1.0])),
        (DomainError, "target", lambda: run(boosting.xgboost(lf.Hinge()), [1.0], [2.0])),
        (ArgumentError, "-0.0.* at row 0", lambda: many(boosting.catboost(lf.Focal(), hessian="exact"))),
        (TargetError, "class numbers", lambda: run(boosting.xgboost(lf.CrossEntropy()), [[1.0, 2.0]], [0.5])),
        (TargetError, "labels in", lambda: run(boosting.xgboost(lf.CrossEntropy()), [[1.0, 2.0]], [2.0])),
    ],
)
def test_what_no_tree_could_use_is_an_error(error, words, call):
    with pytest.raises(error, match=words):
        call()


def run(objective, scores, labels=None, weights=None):
    labels = np.zeros(len(scores)) if labels is None else np.asarray(labels)
    return objective(np.asarray(scores, np.float64), dataset(labels, weights))


@pytest.mark.parametrize("loss", [lf.GaussianNLL(), lf.Welsch()], ids=repr)
def test_the_choice_an_error_names_trains(loss):
    scores = np.array([[0.0, 9.0]] * 2 if len(loss.predictions) > 1 else [9.0, 9.0])
    with pytest.raises(ArgumentError, match="hessian=None"):
        run(boosting.xgboost(loss, hessian="exact"), scores)
    assert run(boosting.xgboost(loss, hessian=None), scores)[1].min() > 0


def test_metrics_bear_the_name_of_the_loss():
    assert boosting.xgboost(lf.GaussianNLL()).metric.__name__ == "gaussian_nll"
    assert boosting.lightgbm(lf.NegativeLogLikelihood()).metric.__name__ == "negative_log_likelihood"


def test_a_perfect_fit_is_none():
    gradient, hessian = run(boosting.xgboost(lf.SquaredHinge(), hessian="exact"), [-2.0, -3.0])
    assert not gradient.any()
    assert not hessian.any()


def many(objective):
    for scores in np.random.default_rng(0).normal(size=(100, CLASSES)):
        objective.calc_ders_multi(scores, 0.0, None)


def test_floor_lifts_what_is_negative():
    hessian = run(boosting.xgboost(lf.Welsch(), hessian="exact", floor=0.25), [0.0, 3.0])[1]
    np.testing.assert_array_equal(hessian, [1.0, 0.25])
    scores, weight = np.random.default_rng(0).normal(size=(9, CLASSES)), np.full(9, 2.0)
    hessian = boosting.xgboost(lf.Focal(), hessian="exact", floor=0.25)(scores, dataset(np.zeros(9), weight))[1]
    assert hessian.min() == 0.5


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_labels_without_weight_move_no_start(bad):
    labels, weights = np.array([1.0, 3.0, bad, 5.0]), np.array([1.0, 1.0, 0.0, 2.0])
    for make in (*ENGINES, boosting.catboost):
        assert make(lf.Poisson()).start(labels, weights) == make(lf.Poisson()).start(
            labels[[0, 1, 3]], weights[[0, 1, 3]]
        )
    with pytest.raises(TargetError, match="at row 2"):
        boosting.xgboost(lf.Poisson()).start(labels, np.ones(4))
