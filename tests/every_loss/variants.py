"""Every registered loss under several hyperparameters, and sums of losses: a new loss is here by existing."""

from dataclasses import fields
from math import inf

import numpy as np

import lossfn as lf
import lossfn.losses  # fills the registry
from lossfn.core.registry import REGISTRY, snake_case
from lossfn.losses.classes import SoftCrossEntropy

NUMBERS = (0.0, 0.3, 4.0)
TABLE = (0.25, 2.0, 1.0)
# Values at which a formula changes, which its domain does not tell.
SPECIAL = {
    "barron": [{"alpha": a} for a in (-inf, -2.0, -1e-12, 0.0, 1e-12, 2 - 1e-12, 2.0, 2 + 1e-12, 3.0, inf)],
    "binary_focal": [{"gamma": 1.0}, {"gamma": 0.5, "alpha": 0.25}],
    "cross_entropy": [{"class_weight": TABLE, "label_smoothing": 0.1, "ignore_index": 1}, {"label_smoothing": 1.0}],
    "focal": [{"gamma": 1.0}, {"gamma": 0.5, "alpha": TABLE}],
    "negative_log_likelihood": [{"class_weight": TABLE, "ignore_index": -100}],
    "quantile": [{"q": q} for q in (0.05, 0.5, 0.9)],
    "tweedie": [{"power": p} for p in (1.0, 1.01, 1.99, 2.0)],
}
# What CrossEntropy becomes when the target holds probabilities.
SOFT = [SoftCrossEntropy(), SoftCrossEntropy(class_weight=TABLE, keep=0.9, floor=0.1 / 3)]
SUMS = [
    0.7 * lf.Huber() + 0.3 * lf.AbsoluteError(),
    0.5 * lf.Quantile(0.9) + lf.SquaredError(),
    2.0 * lf.Hinge(labels="pm1") + lf.SoftMargin(labels="pm1"),
    lf.CrossEntropy() + lf.ZLoss(),
    lf.CrossEntropy(class_weight=TABLE, ignore_index=1) + 0.5 * lf.Focal(ignore_index=1),
    0.5 * lf.KLFromLogits() + 0.5 * lf.JensenShannon(),
    0.25 * lf.GaussianNLL(),
    -1.0 * lf.SquaredError(),
]


# The constant 0: nothing an option of it could change.
NOTHING = [lf.ZLoss(weight=0.0)]


def variants():
    """Return every loss that is tried."""
    losses = [loss for name in sorted(REGISTRY) for loss in of_class(REGISTRY[name])]
    return [loss for loss in dict.fromkeys([*losses, *SOFT, *SUMS]) if loss not in NOTHING]


def of_class(cls):
    """Return a class's losses: its defaults, its own examples, what is special, each option varied."""
    given = [{}, *cls.examples, *SPECIAL.get(snake_case(cls.__name__), [])]
    return [cls(**options) for options in given + [{spec.name: v} for spec in fields(cls) for v in values(spec)]]


def values(spec):
    """Return values an option may take, from its declaration."""
    domain = spec.metadata.get("domain")
    if spec.name == "reduction":
        return ()
    if spec.name == "ignore_index":
        return (1, -100)
    if spec.metadata.get("array"):
        return (0.25, np.array(TABLE))
    return spec.metadata.get("choices") or [v for v in NUMBERS if domain is not None and v in domain]
