"""How the golden cases are read: which of our losses is meant, and how their number follows from ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


def same(x: Any) -> Any:
    return x


def logit(p: Any) -> Any:
    return np.log(p) - np.log1p(-p)


def keras_clip(p: Any) -> Any:
    return np.clip(np.float32(p), 1e-7, 1 - 1e-7)


def at_least_1e_7(x: Any) -> Any:
    return np.maximum(x, 1e-7)


def log(p: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(p)


@dataclass(frozen=True)
class Reading:
    """One row of the table.

    `options` maps their option names to ours and `fixed` adds ours; `prediction` and `target` turn their arrays
    into ours; our number times `factor` is theirs. `soft` says that a probability target is the mixture of its
    labels (their formula is linear in the target), `one_hot` that labels are compared class by class.
    """

    loss: str
    options: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    prediction: Callable[[Any], Any] = same
    target: Callable[[Any], Any] = same
    factor: float = 1.0
    axis: int = -1
    soft: bool = False
    one_hot: bool = False
    check: bool = True


CROSS_ENTROPY = Reading("CrossEntropy", {"label_smoothing": "label_smoothing", "ignore_class": "ignore_index"})
QUANTILE = {"quantile": "q", "tau": "q"}
KERAS_FOCAL = {"gamma": "gamma", "alpha": "alpha"}

# Their loss, or their loss and library -> how it is read. XGBoost's losses are halves; PseudoHuber is not.
TABLE: dict[str | tuple[str, str], Reading] = {
    "absolute_error": Reading("AbsoluteError"),
    "squared_error": Reading("SquaredError"),
    "half_squared_error": Reading("HalfSquaredError"),
    ("half_msle", "xgboost"): Reading("SquaredLogError", factor=0.5),
    ("msle", "keras"): Reading("SquaredLogError", prediction=at_least_1e_7, target=at_least_1e_7),
    "huber": Reading("Huber", {"delta": "delta"}),
    "smooth_l1": Reading("SmoothL1"),
    "pseudo_huber": Reading("PseudoHuber", {"huber_slope": "delta"}),
    "log_cosh": Reading("LogCosh"),
    "pinball": Reading("Quantile", QUANTILE),
    "expectile": Reading("Expectile", {"expectile": "q"}),
    ("expectile", "xgboost"): Reading("Expectile", {"expectile_alpha": "q"}, factor=0.5),
    "poisson_nll": Reading("Poisson"),
    ("poisson_nll", "keras"): Reading("Poisson", prediction=log),
    "gamma_nll": Reading("Gamma"),
    "tweedie_nll": Reading("Tweedie", {"tweedie_variance_power": "power"}),
    "bce_logits": Reading("BinaryCrossEntropyWithLogits"),
    ("bce_logits", "mindspore"): Reading("BinaryCrossEntropyWithLogits", check=False),  # targets beyond [0, 1]
    "log_loss": Reading("BinaryCrossEntropy"),
    ("bce", "keras"): Reading("BinaryCrossEntropy", prediction=keras_clip, target=np.float32),
    ("binary_focal", "keras"): Reading("BinaryFocal", {"gamma": "gamma"}, prediction=logit),
    ("focal", "monai"): Reading("BinaryFocal", axis=1, one_hot=True),
    ("softmax_focal", "monai"): Reading("Focal", axis=1, factor=1 / 3),  # averaged over the three classes too
    ("softmax_focal", "mindspore"): Reading("Focal", {"gamma": "gamma", "weight": "alpha"}),
    ("categorical_focal", "keras"): Reading("Focal", KERAS_FOCAL, prediction=log, soft=True),
    "hinge": Reading("Hinge"),
    "squared_hinge": Reading("SquaredHinge"),
    ("pairwise_hinge", "tensorflow_ranking"): Reading("Hinge", factor=0.5),  # of the one score difference,
    ("ranknet", "tensorflow_ranking"): Reading("SoftMargin", factor=0.5),  # divided by the two list entries
    "softmax_ce": CROSS_ENTROPY,
    "ranking_softmax": CROSS_ENTROPY,
    "poly1_ce": Reading("PolyCrossEntropy", {"epsilon": "epsilon"}, soft=True),
    ("gce", "keras"): Reading("GeneralizedCrossEntropy", {"q": "q"}, prediction=log),
    ("kl_div", "keras"): Reading("KLDivergence", prediction=log),
}

# Cases that differ by choice: what ours does instead is tested beside them.
DIFFERENT = {
    66: "scikit-learn allows an absolute error of 1e-12: its 0 stands for e^-232.8",
    68: "the same: its 1.43e-101 stands for e^-232.8",
    86: "XGBoost's hessian is (e^x + t)/2, ours the second derivative e^x",
    130: "an expectile of 0 is no loss: q lies strictly between 0 and 1",
    132: "an expectile of 1 is no loss: q lies strictly between 0 and 1",
    170: "a quantile of 0 is no loss: q lies strictly between 0 and 1",
}
# Elements left out: id -> places and the reason.
KINKS = {96: ([0, 2], "at a residual of 0 the curvature jumps: XGBoost takes that of the other side")}

# Their losses that have no counterpart here yet -> a pattern that would match the name of one.
ABSENT = {
    "BarlowTwinsLoss": "barlow",
    "approx_mrr": "mrr",
    "approx_ndcg": "ndcg",
    "categorical_hinge": "categorical_?hinge|crammer|multiclass_?hinge",
    "circle": "circle",
    "contrastive_hadsell": "contrastive",
    "cosine_similarity": "cosine",
    "ctc": "ctc|connectionist",
    "dice": "dice",
    "dice_score": "dice",
    "diou": "diou|distance_?io_?u",
    "energy_distance": "energy",
    "generalized_dice": "generalized_?dice",
    "giou": "giou|generalized_?io_?u",
    "hinge_embedding": "hinge_?embedding",
    "iou": "iou|io_u|jaccard",
    "jaccard_score": "jaccard",
    "mape": "percentage|mape",
    "multi_margin": "multi_?margin",
    "multilabel_margin": "multi_?label_?margin",
    "n_pairs_multilabel": "n_?pair",
    "ntxent": "nt_?xent|info_?nce",
    "pairwise_mse": "pair",
    "pairwise_soft_zero_one": "pair",
    "rnnt": "rnn_?t|transducer",
    "tversky": "tversky",
}
