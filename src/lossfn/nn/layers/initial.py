"""First weights: wide enough that signals neither fade nor grow from layer to layer."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np

from lossfn.core.errors import OptionError, say
from lossfn.nn.layers.base import Array

Init = Literal["xavier", "xavier_normal", "he", "he_normal", "lecun", "lecun_normal"]


def draw_weights(
    init: Init, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
) -> Array:
    """Draw weights with mean 0 and the variance that a rule prescribes.

    Parameters
    ----------
    init : {"xavier", "xavier_normal", "he", "he_normal", "lecun", "lecun_normal"}
        Variance 2 / (fan_in + fan_out) for Xavier (before tanh, sigmoid or at the output), 2 / fan_in for He
        (before ReLU), 1 / fan_in for LeCun. Uniform, unless the name says normal.
    shape : tuple of int
    fan_in, fan_out : int
        How many inputs reach an output, and how many outputs an input reaches.
    generator : numpy.random.Generator

    Returns
    -------
    array of `shape`, float64

    Raises
    ------
    OptionError
        Another rule.

    Examples
    --------
    >>> import numpy as np
    >>> float(draw_weights("he", (4000,), 6, 1, np.random.default_rng(0)).std().round(2))
    0.58
    """
    variance = {"xavier": 2 / (fan_in + fan_out), "he": 2 / fan_in, "lecun": 1 / fan_in}
    require_init(init)
    rule, _, normal = init.partition("_")
    if normal:
        return generator.normal(0.0, math.sqrt(variance[rule]), shape)
    # A uniform variable on [-limit, limit] has the variance limit²/3.
    limit = math.sqrt(3 * variance[rule])
    return generator.uniform(-limit, limit, shape)


def require_init(init: Init) -> None:
    """Refuse an unknown rule."""
    if init not in get_args(Init):
        rules = " or ".join(map(repr, get_args(Init)))
        raise OptionError(say("init", expected=rules, got=repr(init)))
