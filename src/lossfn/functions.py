"""The functions around losses: from logits to probabilities, from labels to indicator rows.

Each computes in float64 and returns the float dtype of its input (float64 for integers), so that results in float32
and narrower are within one unit in the last place; a log-sum-exp that cancels to about 0 is so of its largest term.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from lossfn.core.arrays import Array, as_array, float_dtype, is_float
from lossfn.core.errors import OptionError, ShapeError, TargetError, say
from lossfn.engines.reference import M
from lossfn.shapes import distribution

__all__ = ["log_sigmoid", "log_softmax", "logsumexp", "one_hot", "sigmoid", "softmax", "softplus"]


def softmax(x: Any, axis: int = -1) -> Any:
    """Return e^x over its sum along `axis`: the probabilities of logits.

    Parameters
    ----------
    x : array
        Logits of any shape; a scalar counts as one class.
    axis : int
        The class axis.

    Returns
    -------
    Array of the shape of `x`. A logit of -inf gives exactly 0, logits of +inf share 1; a row of only -inf, or
    with a NaN, gives NaN.

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.softmax([0.1, 0.2, 0.3]).round(4))
    [0.3006 0.3322 0.3672]
    >>> print(lf.softmax([1000.0, 1000.0, float("-inf")]))
    [0.5 0.5 0. ]
    """
    return _along(x, axis, lambda rows: distribution.softmax(rows)[1])


def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return x less its log-sum-exp along `axis`: the log-probabilities of logits.

    Parameters
    ----------
    x : array
        Logits of any shape; a scalar counts as one class.
    axis : int
        The class axis.

    Returns
    -------
    Array of the shape of `x`. A logit of -inf gives -inf; a row of only -inf, or with a NaN, gives NaN.

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.log_softmax([[0.1, 0.2, 0.3]]).round(4))
    [[-1.2019 -1.1019 -1.0019]]
    >>> print(f"{lf.log_softmax([50.0, 0.0])[0]:.3g}")
    -1.93e-22
    """
    return _along(x, axis, distribution.log_softmax)


def logsumexp(x: Any, axis: int = -1) -> Any:
    """Return the logarithm of the sum of e^x along `axis`, without overflow.

    Parameters
    ----------
    x : array
        Numbers of any shape; a scalar counts as one.
    axis : int
        The axis to sum over.

    Returns
    -------
    Array of the shape of `x` without `axis`. A row of only -inf, or an empty one, gives -inf; one with a +inf gives
    +inf.

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.logsumexp([1000.0, 1000.0]).round(4))
    1000.6931
    """

    def of_rows(rows: Array) -> Array:
        # The largest log-probability is top - logsumexp, free of cancellation.
        top, below = rows.max(axis=1), distribution.log_softmax(rows).max(axis=1)
        return np.asarray(np.where(top == -np.inf, top, top - below))

    return _along(x, axis, of_rows)


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e^-x): the probability of a logit, accurate in both tails.

    Parameters
    ----------
    x : array
        Numbers of any shape.

    Returns
    -------
    Array of the shape of `x`: 0 at -inf, 1 at +inf.

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.sigmoid([-1000.0, 0.0, 1000.0]))
    [0.  0.5 1. ]
    """
    return _each(x, M.sigmoid)


def log_sigmoid(x: Any) -> Any:
    """Return -log(1 + e^-x): the log-probability of a logit, accurate in both tails.

    Parameters
    ----------
    x : array
        Numbers of any shape.

    Returns
    -------
    Array of the shape of `x`: -inf at -inf, -0.0 at +inf.

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.log_sigmoid([-1000.0, 0.0]).round(4))
    [-1.000e+03 -6.931e-01]
    """
    return _each(x, M.log_sigmoid)


def softplus(x: Any) -> Any:
    """Return log(1 + e^x): a smooth max(x, 0) whose slope is `sigmoid`.

    Parameters
    ----------
    x : array
        Numbers of any shape.

    Returns
    -------
    Array of the shape of `x`: 0 at -inf, +inf at +inf.

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.softplus([-1000.0, 0.0, 1000.0]).round(4))
    [0.0000e+00 6.9310e-01 1.0000e+03]
    """
    return _each(x, M.softplus)


def one_hot(labels: Any, classes: int, *, dtype: npt.DTypeLike = np.float64) -> Array:
    """Return a 1 in the place of each label and 0 elsewhere.

    Parameters
    ----------
    labels : array
        Whole numbers in [0, classes), of any integer dtype or bool and any shape.
    classes : int
        Number of classes, at least 1.
    dtype : dtype
        Of the result.

    Returns
    -------
    Array of shape labels.shape + (classes,).

    Raises
    ------
    TargetError
        If a label is negative, too large, NaN or of a float dtype; the message names the first one.

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.one_hot([2, 0], 3))
    [[0. 0. 1.]
     [1. 0. 0.]]
    """
    if not isinstance(classes, int | np.integer) or classes < 1:
        raise OptionError(say("classes", expected="a whole number of at least 1", got=repr(classes)))
    given = as_array(labels, "labels")
    if given.size:
        _refuse_bad(given, int(classes))
    hot = np.zeros((*given.shape, int(classes)), dtype)
    np.put_along_axis(hot, given.astype(np.intp)[..., None], 1, axis=-1)
    return hot


def _refuse_bad(labels: Array, classes: int) -> None:
    real = is_float(labels)
    wrong = ~((labels >= 0) & (labels < classes) & (labels == np.floor(labels) if real else True))
    if real or np.any(wrong):
        place = np.unravel_index(int(np.argmax(wrong)), labels.shape)
        where = f" at position {', '.join(map(str, map(int, place)))}" if place else ""
        got = f"{labels[place]}{f' of dtype {labels.dtype}' if real else ''}{where}"
        fix = "labels.astype(numpy.int64)" if real else ""
        raise TargetError(say("labels", expected=f"integers in [0, {classes})", got=got, fix=fix))


def _along(x: Any, axis: int, of_rows: Callable[[Array], Array]) -> Any:
    """Apply a function of (rows, classes) along one axis; a result of shape (rows,) drops the axis."""
    array = as_array(x, "x")
    given = array if array.ndim else array.reshape(1)
    if not -given.ndim <= axis < given.ndim:
        raise ShapeError(say("axis", expected=f"an axis of an array of shape {array.shape}", got=axis))
    moved = np.moveaxis(given, axis, -1)
    shape, classes = moved.shape[:-1], moved.shape[-1]
    rows = moved.astype(np.float64).reshape(prod(shape), classes)
    with np.errstate(all="ignore"):
        result = of_rows(rows if classes else np.full((prod(shape), 1), -np.inf)).astype(float_dtype(array))
    if result.ndim == 1:
        return result.reshape(shape)[()]
    return np.moveaxis(result[:, :classes].reshape(moved.shape), -1, axis).reshape(array.shape)[()]


def _each(x: Any, verb: Callable[[Array], Array]) -> Any:
    array = as_array(x, "x")
    with np.errstate(all="ignore"):
        return np.asarray(verb(array.astype(np.float64))).astype(float_dtype(array))[()]
