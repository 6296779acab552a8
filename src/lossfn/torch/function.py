"""The one autograd function of all losses on the processor: kernels on the tensors' own memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch

from lossfn.core import calls
from lossfn.core.arrays import Array
from lossfn.core.batch import Batch
from lossfn.core.dispatch import Ask
from lossfn.core.loss import Loss
from lossfn.core.reduction import gradient_scale
from lossfn.torch import operations
from lossfn.torch.routes import terms_of
from lossfn.torch.tensors import Tensor, array_of, each, tensor_of


class Call(NamedTuple):
    """What is asked of a loss, and the dtype of a reduced value."""

    loss: Loss
    reduction: str
    axis: int
    empty: str
    check: bool
    dtype: torch.dtype

    def value(self, prediction: Any, target: Array, weight: Array | None) -> Tensor:
        """Return the reduced value, or the terms."""
        options = (self.reduction, self.axis, self.empty, self.check)
        return self._result(calls.value(self.loss, prediction, target, weight, *options))

    def value_and_grad(self, prediction: Any, target: Array, weight: Array | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the value, and the gradient for an upstream gradient of 1."""
        options = (self.reduction, self.axis, self.empty, self.check, "prediction", None)
        found, gradient = calls.value_and_grad(self.loss, prediction, target, weight, *options)
        return self._result(found), tuple(map(tensor_of, gradient if isinstance(gradient, tuple) else (gradient,)))

    def slopes(self, upstream: Tensor, weight: Tensor | None, target: Tensor, *predictions: Tensor, of: str) -> Any:
        """Return the gradient of Σ upstream · result in the predictions, or in the target."""
        calls.need_derivatives(self.loss, "gradient")
        weights = None if weight is None else array_of(weight)
        loss, batch = calls.prepared(self.loss, joined(predictions), array_of(target), weights, self.axis)
        batch, factor = _weighted(batch, array_of(upstream))
        scale = factor * gradient_scale(self.reduction, batch.denominator)
        wrt = ("target",) if of == "target" else tuple(loss.predictions)
        found = calls.run(loss, batch, Ask(1, wrt, scale, False, False)).gradient
        return tuple(tensor_of(calls.shaped(batch, slope)) for slope in found)

    def by_operations(self, weight: Tensor | None, target: Tensor, *predictions: Tensor) -> Tensor:
        """Return what `value` does, as tensor operations."""
        found = terms_of(self.loss, predictions, target, weight, self.axis, self.check)
        return operations.reduced(found, self.reduction, self.empty).to(self.dtype)

    def _result(self, found: Any) -> Tensor:
        value = tensor_of(np.asarray(found))
        return value if self.reduction == "none" or value.dtype is self.dtype else value.to(self.dtype)


def joined(predictions: tuple[Tensor, ...]) -> Any:
    """Return the predictions as a loss takes them: an array, or a tuple of several."""
    return array_of(predictions[0]) if len(predictions) == 1 else each(array_of, predictions)


def _weighted(batch: Batch, upstream: Array) -> tuple[Batch, float]:
    # An upstream gradient per term acts as its weight, and may be negative; one for all terms scales.
    if not any(upstream.strides):
        return batch, float(upstream.flat[0]) if upstream.size else 1.0
    factors = upstream.astype(np.float64).reshape(batch.target.shape if batch.axis == 0 else -1)
    return replace(batch, weight=factors if batch.weight is None else _product(batch.weight, factors)), 1.0


def _product(weight: Array, factors: Array) -> Array:
    return np.where(weight == 0.0, 0.0, weight * factors)


class Native(torch.autograd.Function):
    """value(call, weight, target, *predictions).

    A reduced value brings the gradient along in its one pass over memory; backward hands it over where the
    upstream gradient is 1 and no target is differentiated, and otherwise computes anew from the inputs.
    """

    @staticmethod
    def forward(ctx: Any, call: Call, weight: Tensor | None, target: Tensor, *predictions: Tensor) -> Tensor:
        """Run the kernel once, and keep the inputs."""
        ctx.call, ctx.gradient = call, None
        ctx.save_for_backward(weight, target, *predictions)
        given = (joined(predictions), array_of(target), None if weight is None else array_of(weight))
        if call.reduction == "none" or target.requires_grad or not call.loss.differentiable:
            return call.value(*given)
        value, ctx.gradient = call.value_and_grad(*given)
        return value

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Any, ...]:
        """Hand over the gradient found in forward, or find it for this upstream gradient."""
        saved, found, ctx.gradient = ctx.saved_tensors, ctx.gradient, None
        if torch.is_grad_enabled():
            return None, None, *_differentiable(ctx, saved, upstream)
        if found is not None and upstream.item() == 1.0:
            return None, None, None, *found
        del found  # before another gradient is made
        call, (_, _, of_target, *of_predictions) = ctx.call, ctx.needs_input_grad
        towards = call.slopes(upstream, *saved, of="target")[0] if of_target else None
        slopes = call.slopes(upstream, *saved, of="prediction") if any(of_predictions) else [None] * len(of_predictions)
        return None, None, towards, *slopes


def _differentiable(ctx: Any, saved: tuple[Any, ...], upstream: Tensor) -> list[Tensor | None]:
    # create_graph=True: slopes of slopes will be asked for, which tensor operations have.
    wanted = [s for s, needed in zip(saved[1:], ctx.needs_input_grad[2:], strict=True) if needed]
    value = ctx.call.by_operations(*saved)
    found = iter(torch.autograd.grad(value, wanted, upstream, create_graph=True, materialize_grads=True))
    return [next(found) if needed else None for needed in ctx.needs_input_grad[2:]]
