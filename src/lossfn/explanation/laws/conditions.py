"""The conditions of a formula: where it may have kinks."""

from __future__ import annotations

from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.graph import Node, evaluate, order
from lossfn.core.kinds import Distribution, Pointwise
from lossfn.core.program import trace
from lossfn.engines.reference import M
from lossfn.explanation.laws.case import Case
from lossfn.shapes import distribution, row

OF_ONE = {"abs", "sign"}
OF_TWO = {"minimum", "maximum", "lt", "le", "gt", "ge", "equal"}


def sides(case: Case, slopes: bool = True) -> Array:
    """Return on which side of every condition of the formula (and its slopes) each term lies: 1 or -1.

    Of the shape (conditions, terms); a loss of distributions has each condition once per class.
    """
    with np.errstate(all="ignore"):
        inputs = _inputs(case)
        found = evaluate(_gaps(case.loss, slopes), M, inputs)
    shape = next(iter(inputs.values())).shape
    tables = [np.where(np.broadcast_to(gap, shape) >= 0, 1.0, -1.0).reshape(-1, case.terms) for gap in found]
    return np.concatenate([np.ones((0, case.terms)), *tables])


def _gaps(loss: Any, slopes: bool) -> list[Node]:
    """Return the differences whose sign decides a condition."""
    program, read = trace(loss), loss.inputs if slopes and loss.differentiable else ()
    roots = [program.value, *map(program.slopes, read), *(program.curvatures(name, name) for name in read)]
    nodes = order(roots)
    return [n.args[0] for n in nodes if n.verb in OF_ONE] + [n.args[0] - n.args[1] for n in nodes if n.verb in OF_TWO]


def _inputs(case: Case) -> dict[str, Any]:
    """Return what the formula reads of each term: its inputs, then the hyperparameters."""
    loss, settings = case.loss, case.loss.settings()
    if isinstance(loss, Pointwise):
        tables = {name: np.resize(v, case.terms) for name, v in settings.items()}
        return dict(zip(loss.inputs, (*case.points, case.target[0]), strict=True)) | tables
    if isinstance(loss, Distribution):
        log_prob = case.points if loss.takes == "log_probs" else distribution.log_softmax(case.points.T).T
        tables = {name: np.reshape(v, (-1, 1)) for name, v in settings.items()}
        return {"log_prob": log_prob, "target": case.target} | tables
    labels = np.where(case.target[0] == loss.ignore_index, 0, case.target[0])
    tables = {name: np.broadcast_to(v, len(case.points))[labels] for name, v in settings.items()}
    table = getattr(loss, "class_weight", None)
    found = row.statistics(case.points.T, labels, 1.0 if table is None else table)
    found = row.gathered(case.points.T, labels) if loss.takes == "log_probs" else found
    return {name: getattr(found, name) for name in loss.inputs} | tables
