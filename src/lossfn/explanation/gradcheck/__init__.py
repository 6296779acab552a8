"""Is a gradient right, and if not, why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lossfn.explanation.gradcheck.causes import cause
from lossfn.explanation.gradcheck.differences import measure
from lossfn.explanation.gradcheck.outcome import GradCheck, agrees
from lossfn.explanation.gradcheck.subjects import Subject, subject


def gradcheck(
    function: Any, *arguments: Any, gradient: Callable[..., Any] | None = None, wrt: int | str = 0
) -> GradCheck:
    """Compare a gradient with differences of the value, element by element, and say what is wrong with it.

    Parameters
    ----------
    function : Loss, Layer, Sequential or callable
        A loss of this library (arguments: prediction, target); a layer or network with `forward` and `backward`
        (argument: its input), of which a fresh copy passes in training mode each time; or a function of the
        arguments whose value, or the sum of it, is differentiated. Of torch tensors or JAX arrays, their own
        automatic differentiation gives the gradient.
    *arguments
        Arrays; computed in float64 (in float32 with a coarser tolerance where JAX knows nothing wider).
    gradient : callable, optional
        Of a function of NumPy arrays: called with the same arguments, returns the gradient in argument `wrt`.
    wrt : int or str, default 0
        Which argument is moved; of a layer its input, or a parameter by name, "parameters" for all of a Sequential.

    Returns
    -------
    GradCheck
        True where the gradient is right. At a kink every slope between those of both sides is right.

    Raises
    ------
    ArgumentError
        A function of NumPy arrays without `gradient`, or an argument or parameter `wrt` that does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> import lossfn as lf
    >>> bool(lf.gradcheck(lf.Huber(), [0.3, -2.0], [0.0, 0.0]))
    True
    >>> p, t = np.array([1.0, 2.0, 4.0]), np.zeros(3)
    >>> print(lf.gradcheck(lambda p, t: np.mean((p - t) ** 2), p, t, gradient=lambda p, t: 2 * (p - t)))
    wrong: the gradient is 3 times what it should be, everywhere: that of the sum, where the value is the mean over 3.
    3 of 3 elements differ; the worst is (2,): gradient 8, slope of the value 2.66667.
    """
    checked = subject(function, arguments, gradient, wrt)
    return _outcome(checked)


def _outcome(checked: Subject) -> GradCheck:
    given = np.asarray(checked.gradient(), dtype=np.float64)
    if given.shape != checked.at.shape:
        return GradCheck.of_shapes(given, checked.at)
    found = measure(checked.value, checked.at, checked.epsilon)
    right = agrees(given, found)
    why = "" if right.all() else cause(given, found, checked.at, right)
    return GradCheck(given, found.slope, right, found.kink, why)
