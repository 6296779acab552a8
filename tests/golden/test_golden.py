"""Golden cases from other libraries' documents and tests: each runs, or says why it does not."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import lossfn as lf
from golden.conventions import ABSENT, DIFFERENT, KINKS, TABLE
from lossfn.core.dispatch import using
from lossfn.core.errors import OptionError

LINES = (Path(__file__).parent / "golden.jsonl").read_text("utf-8").splitlines()
CASES = {case["id"]: case for case in map(json.loads, LINES)}
MISSING = {number: case for number, case in CASES.items() if case["loss"] in ABSENT}
RUN = {number: case for number, case in CASES.items() if number not in MISSING and number not in DIFFERENT}
PREDICTIONS = ("raw_prediction", "preds", "pred", "predictions", "y_pred", "logits", "scores", "x", "input", "output")
TARGETS = ("y_true", "labels", "label", "targets", "target")


def name_of(case):
    """Their loss, told apart where an option decides it."""
    if case["options"].get("from_logits") and case["loss"] == "bce":
        return "bce_logits"
    return "softmax_focal" if case["options"].get("use_softmax") else case["loss"]


def reading_of(case):
    name = name_of(case)
    return TABLE.get((name, case["library"])) or TABLE[name]


def loss_of(case):
    reading, given = reading_of(case), case["options"] | case["inputs"]
    chosen = {ours: given[theirs] for theirs, ours in reading.options.items() if given.get(theirs) is not None}
    if reading.soft:
        chosen.pop("label_smoothing", None)
    return lf.get(reading.loss, **chosen, **reading.fixed)


def arrays_of(case):
    """Our prediction, target and weights."""
    reading, inputs = reading_of(case), padded(case["inputs"])
    prediction, target = (np.array(next(inputs[n] for n in names if n in inputs)) for names in (PREDICTIONS, TARGETS))
    if case["library"] == "tensorflow_ranking" and reading.loss != "CrossEntropy":
        prediction, target = prediction[:, :1] - prediction[:, 1:], target[:, :1]
    if reading.one_hot or (name_of(case) == "softmax_focal" and case["library"] == "monai"):
        target = target[:, 0]
    if reading.one_hot:
        target = np.moveaxis(lf.one_hot(target, prediction.shape[1]), -1, 1)
        first = 0 if case["options"].get("include_background", True) else 1
        prediction, target = prediction[:, first:], target[:, first:]
    smoothing = case["options"].get("label_smoothing", 0.0)
    if name_of(case) in ("bce", "bce_logits"):
        target = target * (1 - smoothing) + smoothing / 2
    if reading.soft:
        target = target * (1 - smoothing) + smoothing / target.shape[case["options"].get("axis", -1)]
    if reading.loss == "CrossEntropy":  # float targets of the prediction's shape are probabilities
        target = target.astype(float) if target.shape == prediction.shape else target.reshape(prediction.shape[:-1])
    return reading.prediction(prediction), reading.target(target), inputs.get("sample_weight")


def padded(inputs):
    """Fill ragged lists: an entry that is not there is a masked class of target 0."""
    filled = {}
    for name, value in inputs.items():
        ragged = isinstance(value, list) and len({len(row) for row in value if isinstance(row, list)}) > 1
        filler = -np.inf if name in PREDICTIONS else 0.0
        wide = max(map(len, value)) if ragged else 0
        filled[name] = [row + [filler] * (wide - len(row)) for row in value] if ragged else value
    return filled


def terms_of(case, loss, prediction, target):
    """Our terms; a soft target is the weighted sum over its labels."""
    reading = reading_of(case)
    axis = case["options"].get("axis", reading.axis)
    if not reading.soft:
        return loss(prediction, target, reduction="none", axis=axis, check=reading.check)
    shares = np.moveaxis(np.atleast_2d(target), axis, -1)
    rows = np.atleast_2d(prediction)
    of_label = [
        loss(rows, np.full(shares.shape[:-1], k), sample_weight=shares[..., k], reduction="none", axis=axis)
        for k in range(shares.shape[-1])
    ]
    terms = np.sum(of_label, axis=0)
    return terms if np.ndim(prediction) > 1 else terms[0]


def value_of(case, loss):
    prediction, target, weight = arrays_of(case)
    expected = np.asarray(case["expected"], dtype=float)
    if case["library"] == "keras":
        return keras_value(case, loss, prediction, target, weight)
    terms = terms_of(case, loss, prediction, target)
    if expected.ndim:
        return terms.reshape(expected.shape)
    return terms.sum() if "sum()" in case["call"] else terms.mean()


def keras_value(case, loss, prediction, target, weight):
    """One mean per row first; then divided by the number of rows unless it says otherwise."""
    terms = terms_of(case, loss, prediction, target)
    rows = terms.mean(axis=-1) if isinstance(loss, lf.Pointwise) else terms
    weight = np.broadcast_to(1.0 if weight is None else np.reshape(weight, np.shape(weight) and rows.shape), rows.shape)
    rows, reduction = rows * weight, case["options"]["reduction"]
    if reduction == "mean_with_sample_weight":
        return rows.sum() / weight.sum()
    return {"sum": rows.sum(), None: rows, "sum_over_batch_size": rows.mean()}[reduction]


def derivative_of(case, loss):
    prediction, target, _ = arrays_of(case)
    if case["kind"] == "grad":
        result = loss.value_and_grad(prediction, target, reduction="sum")[1]
    else:
        result = loss.grad_and_hess(prediction, target)[1]
    return np.reshape(result, np.shape(case["expected"]))


def result_of(case):
    if case["library"] == "scipy":  # one delta per element
        deltas = case["inputs"]["delta"]
        return [lf.PseudoHuber(delta=delta)(case["inputs"]["r"], 0) for delta in deltas]
    find = value_of if case["kind"] == "value" else derivative_of
    return reading_of(case).factor * find(case, loss_of(case))


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("number", RUN)
def test_case_agrees(number, engine):
    case = RUN[number]
    with using(engine):
        result = np.asarray(result_of(case))
    expected = np.array(case["expected"], dtype=float)
    kept, unit = KINKS.get(number, (...,))[0], 0.01 if case["library"] == "xgboost" else 5e-4
    printed = min(case["tol"], unit) if case["tol"] > 1e-9 else 0
    np.testing.assert_allclose(result[kept], expected[kept], rtol=case["tol"], atol=printed)


@pytest.mark.parametrize("number", DIFFERENT)
def test_case_differs_as_said(number):
    case = CASES[number]
    if number in (66, 68):
        np.testing.assert_allclose(result_of(case), np.exp(-232.8), rtol=1e-15)
        assert abs(result_of(case) - case["expected"]) < 1e-100
    elif number == 86:
        prediction, target, _ = arrays_of(case)
        hessian = derivative_of(case, loss_of(case))
        np.testing.assert_allclose(hessian, np.exp(prediction))
        np.testing.assert_allclose((hessian + target) / 2, case["expected"], rtol=0.02)
    else:
        with pytest.raises(OptionError, match=r"a number in \(0, 1\)"):
            loss_of(case)


@pytest.mark.parametrize("name", ABSENT)
def test_loss_is_really_absent(name):
    assert name in {case["loss"] for case in CASES.values()}
    assert [loss for loss in lf.list_losses() if re.search(ABSENT[name], loss)] == []


def test_every_case_has_its_place():
    assert (len(CASES), len(RUN), len(MISSING), len(DIFFERENT)) == (198, 128, 64, 6)
    assert set(DIFFERENT) <= set(CASES) - set(MISSING)
    assert {reading.loss for reading in TABLE.values()} <= set(dir(lf))
    assert {key if isinstance(key, str) else key[0] for key in TABLE} - {"softmax_focal"} <= {
        case["loss"] for case in CASES.values()
    }
