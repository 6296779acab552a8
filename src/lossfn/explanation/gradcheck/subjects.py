"""What can be checked: a loss, a layer, a function with its gradient, a function of torch or JAX arrays."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossfn.core.errors import ArgumentError, say
from lossfn.core.frameworks import library_of
from lossfn.core.loss import Loss

Array = NDArray[Any]


@dataclass(frozen=True)
class Subject:
    """A value as a function of one array, where it is taken, the gradient there, and the precision of the value."""

    value: Callable[[Array], float]
    gradient: Callable[[], Any]
    at: Array
    epsilon: float = 2.0**-52


def subject(function: Any, arguments: Sequence[Any], gradient: Callable[..., Any] | None, wrt: int | str) -> Subject:
    """Find out what is to be checked."""
    layer = hasattr(function, "forward") and hasattr(function, "backward") and len(arguments) == 1
    if layer and (wrt == 0 or isinstance(wrt, str)):
        return _of_layer(function, arguments[0], wrt)
    if isinstance(wrt, str) or not 0 <= wrt < len(arguments):
        raise ArgumentError(say("wrt", expected=f"a number in [0, {len(arguments)})", got=repr(wrt)))
    library = library_of(tuple(arguments))
    if library == "torch":
        return _of_torch(function, arguments, wrt)
    if library == "jax":
        return _of_jax(function, arguments, wrt)
    if isinstance(function, Loss):
        return _of_loss(function, arguments, wrt)
    return _of_pair(function, arguments, gradient, wrt)


def _with(arguments: Sequence[Any], wrt: int, x: Any) -> list[Any]:
    return [*arguments[:wrt], x, *arguments[wrt + 1 :]]


def _of_loss(loss: Loss, arguments: Sequence[Any], wrt: int) -> Subject:
    name = ("prediction", "target")[wrt]
    at = np.array(arguments[wrt], dtype=np.float64)
    reduction = "sum" if loss.reduction == "none" else loss.reduction
    pack = tuple if name == "prediction" and len(loss.predictions) > 1 else np.asarray

    def value(x: Array) -> float:
        return float(loss(*_with(arguments, wrt, pack(x)), reduction=reduction, check=False))

    def gradient() -> Any:
        return loss.value_and_grad(*_with(arguments, wrt, pack(at)), reduction=reduction, wrt=name)[1]

    return Subject(value, gradient, at)


def _of_layer(layer: Any, x: Any, wrt: int | str) -> Subject:
    whole = layer.astype(np.float64) if hasattr(layer, "astype") else layer
    given = np.array(x, dtype=np.float64)
    at = given if isinstance(wrt, int) else np.array(_parameter(whole, wrt), dtype=np.float64)

    def passed(moved: Array) -> tuple[Any, Array]:
        # A fresh copy each time: running averages stay as they are, chance is the same chance.
        fresh = copy.deepcopy(whole)
        if isinstance(wrt, str):
            getattr(fresh, wrt)[...] = moved
        return fresh, fresh.forward(given if isinstance(wrt, str) else moved, training=True)

    # Unequal slopes in the output, so that no mistake can cancel in a sum.
    output = passed(at)[1]
    upstream = np.cos(1.0 + np.arange(output.size)).reshape(output.shape)

    def gradient() -> Any:
        fresh, _ = passed(at)
        slope = fresh.backward(upstream)
        return getattr(fresh, _slope_of(wrt)) if isinstance(wrt, str) else slope

    return Subject(lambda moved: float((passed(moved)[1] * upstream).sum()), gradient, at)


def _parameter(layer: Any, name: str) -> Any:
    found = getattr(layer, name, None)
    if found is None or not hasattr(layer, _slope_of(name)):
        raise ArgumentError(say("wrt", expected=f"a parameter of {layer!r}", got=repr(name)))
    return found


def _slope_of(parameter: str) -> str:
    return "gradients" if parameter == "parameters" else f"{parameter}_gradient"


def _of_pair(
    function: Callable[..., Any], arguments: Sequence[Any], gradient: Callable[..., Any] | None, wrt: int
) -> Subject:
    if gradient is None:
        fix = "gradcheck(f, x, gradient=df)"
        raise ArgumentError(say("gradient", expected="the gradient of a NumPy function", got="None", fix=fix))
    at = np.array(arguments[wrt], dtype=np.float64)
    return Subject(
        lambda x: float(np.sum(function(*_with(arguments, wrt, x)))),
        lambda: gradient(*_with(arguments, wrt, at.copy())),
        at,
    )


def _of_torch(function: Callable[..., Any], arguments: Sequence[Any], wrt: int) -> Subject:
    given = arguments[wrt].detach().double()

    def gradient() -> Any:
        x = given.clone().requires_grad_()
        function(*_with(arguments, wrt, x)).sum().backward()
        return np.zeros(x.shape) if x.grad is None else x.grad.numpy()

    def value(x: Array) -> float:
        return float(function(*_with(arguments, wrt, given.new_tensor(x))).sum())

    return Subject(value, gradient, given.numpy().copy())


def _of_jax(function: Callable[..., Any], arguments: Sequence[Any], wrt: int) -> Subject:
    jax = sys.modules["jax"]
    wide = jax.numpy.asarray(arguments[wrt], dtype=jax.numpy.result_type(float))

    def total(x: Any) -> Any:
        return function(*_with(arguments, wrt, x)).sum()

    return Subject(
        lambda x: float(total(jax.numpy.asarray(x, dtype=wide.dtype))),
        lambda: jax.grad(total)(wide),
        np.array(wide, dtype=np.float64),
        float(np.finfo(np.dtype(wide.dtype.name)).eps),
    )
