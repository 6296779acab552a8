"""torch's elementwise losses, by torch's names and arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import torch

from lossfn.core.errors import OptionError, ShapeError, say
from lossfn.core.loss import Loss
from lossfn.losses.binary import BinaryCrossEntropyWithLogits
from lossfn.losses.huber import Huber, SmoothL1
from lossfn.losses.regression import AbsoluteError, SquaredError
from lossfn.torch import definitions
from lossfn.torch.functional.reducing import chosen, evaluated, paired, reduced, served

Tensor = torch.Tensor


@cache
def _made(cls: Callable[..., Loss], *options: float) -> Loss:
    return cls(*options)


@served
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|input - target|; a weighted mean divides by the weights. Shapes that differ are broadcast with a warning."""
    return _regression(_made(AbsoluteError), input, target, chosen(reduction, size_average, reduce), weight)


@served
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(input - target)²; a weighted mean divides by the weights. Shapes that differ are broadcast with a warning."""
    return _regression(_made(SquaredError), input, target, chosen(reduction, size_average, reduce), weight)


def _regression(loss: Loss, input: Tensor, target: Tensor, reduction: str, weight: Tensor | None) -> Tensor:
    input, target = paired(input, target, warn=True)
    if weight is None or reduction != "mean":
        return evaluated(loss, input, target, reduction, _same(weight, input))
    return evaluated(loss, input, target, "sum", _same(weight, input)) / weight.sum()


def _same(weight: Tensor | None, input: Tensor) -> Tensor | None:
    if weight is not None and weight.shape != input.shape:
        expected, got = f"shape {tuple(input.shape)} like input", f"shape {tuple(weight.shape)}"
        raise ShapeError(say("weight", expected=expected, got=got))
    return weight


@served
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Quadratic within `delta`, linear beyond; a weighted mean divides by the number of elements, as torch's does."""
    input, target = paired(input, target, warn=True)
    return evaluated(_made(Huber, delta), input, target, chosen(reduction), _same(weight, input))


@served
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Huber's loss divided by `beta`; with `beta=0` the absolute error."""
    input, target = paired(input, target, warn=True)
    return evaluated(_made(SmoothL1, beta), input, target, chosen(reduction, size_average, reduce))


@served
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy of probabilities.

    As in torch a logarithm is at least -100, and the slope is (p - t)/max(p(1 - p), 1e-12), finite at 0 and 1 in
    every dtype; float16 has no NaN at p = 1. Values outside [0, 1] raise `DomainError`.
    """
    _equal(input, target)
    loss = _made(definitions.ClampedBinaryCrossEntropy)
    return evaluated(loss, input, target, chosen(reduction, size_average, reduce), weight, check=True)


@served
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of logits, accurate on both sides; a mean divides by the number of elements.

    An integer or bool target is taken; one outside [0, 1] is not refused, as in torch.
    """
    _equal(input, target)
    reduction = chosen(reduction, size_average, reduce)
    if pos_weight is None:
        return evaluated(_made(BinaryCrossEntropyWithLogits), input, target, reduction, weight)
    beside = pos_weight.expand_as(input)
    return evaluated(_made(definitions.PositiveWeighted), (input, beside), target, reduction, weight)


def _equal(input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        expected, got = f"shape {tuple(input.shape)} like input", f"shape {tuple(target.shape)}"
        raise ShapeError(say("target", expected=expected, got=got))


@served
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """t·(log t - input) of log-probabilities; 0 where t is 0, whatever the input.

    As in torch "mean" divides by the number of elements, though not with torch's warning; "batchmean" divides by
    the first dimension.
    """
    input, target = paired(input, target)
    loss = _made(definitions.ElementwiseKL, log_target)
    if reduction == "batchmean" and size_average is None and reduce is None:
        rows = input.shape[0] if input.dim() else 1
        return evaluated(_divided(loss, rows), input, target, "sum") if rows else input.sum() / 0.0
    return evaluated(loss, input, target, chosen(reduction, size_average, reduce))


@lru_cache(maxsize=64)
def _divided(loss: Loss, rows: int) -> Loss:
    return 1.0 / rows * loss  # not a division of the sum, for whose slope backward would pass over memory again


@served
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """e^input - target·input, or input - target·log(input + eps); `full` adds Stirling's term for targets above 1."""
    input, target = paired(input, target)
    loss = _made(definitions.PoissonNLL, log_input, full, eps)
    return evaluated(loss, input, target, chosen(reduction, size_average, reduce))


@served
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """½(log var + (input - target)²/var); as in torch a variance below `eps` counts as `eps`, its slope included."""
    if eps <= 0:
        raise OptionError(say("eps", expected="a number above 0", got=eps))
    var = var if isinstance(var, Tensor) else torch.full_like(input, var)
    if var.shape != input.shape and input.shape[:-1] == var.shape:
        var = var.unsqueeze(-1)
    if (var < 0).any():
        raise OptionError("var has negative entry/entries")
    mean, target, var = paired(input, target, var)
    return evaluated(_made(definitions.GaussianLikelihood, full, eps), (mean, var), target, chosen(reduction))


@served
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + e^(-target·input)), finite where torch overflows."""
    input, target = paired(input, target)
    loss = _made(definitions.SignedSoftMargin)
    return evaluated(loss, input, target, chosen(reduction, size_average, reduce))


@served
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The input where the target is 1, max(0, margin - input) where it is -1, both for any other target."""
    input, target = paired(input, target)
    loss = _made(definitions.HingeEmbedding, margin)
    return evaluated(loss, input, target, chosen(reduction, size_average, reduce))


@served
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Cross-entropy of the logits of several labels, averaged over the last axis."""
    input, target = paired(input, target)
    terms = evaluated(_made(BinaryCrossEntropyWithLogits), input, target, "none", weight).mean(dim=-1)
    return reduced(terms, chosen(reduction, size_average, reduce))
