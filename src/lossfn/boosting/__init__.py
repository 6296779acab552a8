"""Any loss as an objective of XGBoost, LightGBM and CatBoost: right gradient, curvature, start value and meaning.

Examples
--------
>>> import numpy as np
>>> import lossfn as lf
>>> from lossfn import boosting
>>> objective = boosting.xgboost(lf.Quantile(0.9))
>>> gradient, hessian = objective(np.zeros(3), np.array([-1.0, -2.0, -4.0]))  # labels, scores
>>> print(gradient.round(3), hessian.round(3))
[-1.714 -1.714 -1.714] [1.714 0.857 0.429]
>>> boosting.lightgbm(lf.Poisson()).start(np.array([1.0, 2.0, 6.0]))
1.098612
"""

from __future__ import annotations

from lossfn.boosting.blocks import CatBoost, catboost_class
from lossfn.boosting.engines import LightGBM, XGBoost
from lossfn.core.loss import Loss

__all__ = ["catboost", "lightgbm", "xgboost"]


def xgboost(loss: Loss, *, hessian: str | None = None, floor: float | None = None) -> XGBoost:
    """Return an objective for `xgboost.train(obj=)` and for the `objective` of XGBRegressor and XGBClassifier.

    Begin at its start value: ``base_score=objective.start(y)`` (a list for several outputs). The model then predicts
    scores, saved and loaded with or without this library; `objective.transform` turns them into what the loss
    estimates. `objective.metric` serves as `custom_metric` and `eval_metric`.

    Parameters
    ----------
    loss : Loss
        Any pointwise or row loss, a class of one's own included. Classes need `num_class`.
    hessian : {"exact", "majorizer", "fisher", "engine"}, optional
        See `Objective`. "engine" is XGBoost's own convention: 2p(1 - p) for classes, e^(score + 0.7) for counts, 1 for
        absolute error and quantiles. For counts XGBoost also sets ``max_delta_step=0.7``, which is yours to set.
    floor : float, optional
        Least curvature of an element. Without it a negative one is an error.
    """
    return XGBoost(loss, hessian, floor)


def lightgbm(loss: Loss, *, hessian: str | None = None, floor: float | None = None) -> LightGBM:
    """Return an objective for `params["objective"]` of LightGBM and for LGBMRegressor and LGBMClassifier.

    A label of NaN is an error in `start` and in LightGBM's scikit-learn classes; `lightgbm.train` makes it 0, and
    infinity 1e38, before an objective sees either.

    LightGBM begins at 0 and does not add an `init_score` to its predictions: train with
    ``init_score=np.full(len(y), objective.start(y))`` and predict
    ``objective.transform(model.predict(x, raw_score=True) + objective.start(y))``. `objective.metric` serves as `feval`
    and `eval_metric`.

    Parameters
    ----------
    loss : Loss
        Any pointwise or row loss, a class of one's own included. Classes need `num_class`.
    hessian : {"exact", "majorizer", "fisher", "engine"}, optional
        See `Objective`. "engine" is LightGBM's own convention: K/(K - 1)·p(1 - p) for K classes, e^(score + 0.7) for
        counts, 1 for Huber, absolute error and quantiles.
    floor : float, optional
        Least curvature of an element. Without it a negative one is an error.
    """
    return LightGBM(loss, hessian, floor)


def catboost(loss: Loss, *, hessian: str | None = None, floor: float | None = None) -> CatBoost:
    """Return an objective for the `loss_function` of CatBoost.

    ``CatBoost({"loss_function": objective, "eval_metric": objective.metric})``, with the start value as the pool's
    `baseline`; a model predicts scores (`prediction_type="RawFormulaVal"`). CatBoost asks in blocks of at most 1000
    rows, and row by row over classes. `CatBoost` needs `classes_count` for several, `CatBoostClassifier` the
    `class_names` of all its classes: it knows none under an objective and a metric in Python. Nor can scikit-learn
    clone an estimator of CatBoost that has such an objective: search over its parameters with `catboost.cv`.

    Parameters
    ----------
    loss : Loss
        Any pointwise or row loss of one output or several classes, a class of one's own included.
    hessian : {"exact", "majorizer", "fisher", "engine"}, optional
        See `Objective`. "engine" is the exact one. Over classes "exact" and "engine" give the whole matrix, the others
        its diagonal.
    floor : float, optional
        Least curvature of an element. Without it a negative one is an error.

    Raises
    ------
    OptionError
        If the loss has several predictions: CatBoost gives an objective one score a row.
    """
    return catboost_class(loss)(loss, hessian, floor)
