"""Gradients kept short, so that one bad batch cannot throw the weights away."""

from __future__ import annotations

import numpy as np

from lossfn.nn.layers import Array
from lossfn.nn.layers.base import require


def clip_norm(gradient: Array, limit: float) -> float:
    """Shorten a gradient (in place) to a Euclidean norm of at most `limit`; return the norm it had.

    Raises
    ------
    OptionError
        limit <= 0.

    Examples
    --------
    >>> import numpy as np
    >>> gradient = np.array([3.0, 4.0])
    >>> clip_norm(gradient, 1.0), gradient.round(4).tolist()
    (5.0, [0.6, 0.8])
    """
    require(limit > 0, "clip_norm", "limit", "a positive number", limit)
    norm = _norm(gradient)
    if norm > limit:
        gradient *= limit / norm
    return norm


def _norm(gradient: Array) -> float:
    with np.errstate(over="ignore"):
        norm = float(np.linalg.norm(gradient))
    if norm < np.inf or not np.isfinite(gradient).all():
        return norm
    # The squares overflow, the slopes do not.
    largest = float(np.abs(gradient).max())
    return largest * float(np.linalg.norm(gradient / largest))


def clip_value(gradient: Array, limit: float) -> None:
    """Clip each slope (in place) to [-limit, limit].

    Raises
    ------
    OptionError
        limit <= 0.

    Examples
    --------
    >>> import numpy as np
    >>> gradient = np.array([3.0, -0.5])
    >>> clip_value(gradient, 1.0)
    >>> gradient.tolist()
    [1.0, -0.5]
    """
    require(limit > 0, "clip_value", "limit", "a positive number", limit)
    np.clip(gradient, -limit, limit, out=gradient)
