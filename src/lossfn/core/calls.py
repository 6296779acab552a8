"""The four questions a loss answers, each: prepare, run one engine pass, reduce."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lossfn.core import arrays, logits, shortcut
from lossfn.core.batch import Batch, first_offender
from lossfn.core.dispatch import Answer, Ask, engine
from lossfn.core.errors import DerivativeError, OptionError, ShapeError, say
from lossfn.core.frameworks import elsewhere
from lossfn.core.options import REDUCTIONS
from lossfn.core.reduction import EMPTY, LossSum, gradient_scale, in_dtype, mean_of_nothing

if TYPE_CHECKING:
    from lossfn.core.loss import Loss


def value(
    loss: Loss,
    prediction: Any,
    target: Any,
    sample_weight: Any,
    reduction: str,
    axis: int,
    empty: str,
    check: bool,
) -> Any:
    """Answer a plain call."""
    if (
        sample_weight is None
        and (short := shortcut.value(loss, prediction, target, reduction, axis, check)) is not None
    ):
        return short
    if (away := elsewhere("value", prediction, target, sample_weight)) is not None:
        return away(loss, prediction, target, sample_weight, reduction, axis, empty, check)
    loss, batch = prepared(loss, prediction, target, sample_weight, axis)
    answer = run(loss, batch, Ask(0, (), 1.0, known(reduction) == "none", check))
    return reduced(answer, batch, reduction, empty)


def value_and_grad(
    loss: Loss,
    prediction: Any,
    target: Any,
    sample_weight: Any,
    reduction: str,
    axis: int,
    empty: str,
    check: bool,
    wrt: str,
    out: Any,
) -> tuple[Any, Any]:
    """Answer `value_and_grad`."""
    if sample_weight is None and wrt == "prediction":
        short = shortcut.value_and_grad(loss, prediction, target, reduction, axis, check, out)
        if short is not None:
            return short
    if (away := elsewhere("value_and_grad", prediction, target, sample_weight)) is not None:
        both: tuple[Any, Any] = away(loss, prediction, target, sample_weight, reduction, axis, empty, check, wrt, out)
        return both
    loss, batch = prepared(loss, prediction, target, sample_weight, axis)
    need_derivatives(loss, "gradient")
    scale = gradient_scale(known(reduction), batch.denominator)
    outs = _outputs(batch, prediction, out, wrt)
    answer = run(loss, batch, Ask(1, wrt_names(loss, wrt), scale, reduction == "none", check, outs))
    gradient = _returned(loss, batch, answer.gradient, out, wrt)
    return reduced(answer, batch, reduction, empty), gradient


def grad_and_hess(
    loss: Loss, prediction: Any, target: Any, sample_weight: Any, axis: int, check: bool
) -> tuple[Any, Any]:
    """Answer `grad_and_hess`."""
    if sample_weight is None and (short := shortcut.grad_and_hess(loss, prediction, target, axis, check)) is not None:
        return short
    if (away := elsewhere("grad_and_hess", prediction, target, sample_weight)) is not None:
        both: tuple[Any, Any] = away(loss, prediction, target, sample_weight, axis, check)
        return both
    loss, batch = prepared(loss, prediction, target, sample_weight, axis)
    need_derivatives(loss, "hessian")
    names = wrt_names(loss, "prediction")
    answer = run(loss, batch, Ask(2, names, 1.0, False, check, pairs=tuple((n, n) for n in names)))
    gradient = _returned(loss, batch, answer.gradient, None, "prediction")
    return gradient, _returned(loss, batch, answer.hessian, None, "prediction")


def hessian_matrix(loss: Loss, prediction: Any, target: Any, sample_weight: Any, check: bool) -> Any:
    """Answer `hessian_matrix`."""
    if not hasattr(loss, "prediction_domain"):
        raise DerivativeError(
            f"{type(loss).__name__} couples all classes of a row: its matrix is not formed. "
            "Take the diagonal from grad_and_hess(prediction, target)."
        )
    if (away := elsewhere("hessian_matrix", prediction, target, sample_weight)) is not None:
        return away(loss, prediction, target, sample_weight, check)
    loss, batch = prepared(loss, prediction, target, sample_weight, -1)
    need_derivatives(loss, "hessian")
    names = wrt_names(loss, "prediction")
    pairs = tuple((a, b) for i, a in enumerate(names) for b in names[i:])
    found = dict(zip(pairs, run(loss, batch, Ask(2, names, 1.0, False, check, pairs=pairs)).hessian, strict=True))
    found |= {(b, a): entry for (a, b), entry in found.items()}
    rows = [[found[a, b] for b in names] for a in names]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2).reshape(*batch.shape, len(names), len(names))


def accumulate(loss: Loss, prediction: Any, target: Any, sample_weight: Any, axis: int, check: bool) -> LossSum:
    """Answer `accumulate`."""
    if (away := elsewhere("accumulate", prediction, target, sample_weight)) is not None:
        total: LossSum = away(loss, prediction, target, sample_weight, axis, check)
        return total
    loss, batch = prepared(loss, prediction, target, sample_weight, axis)
    answer = run(loss, batch, Ask(0, (), 1.0, False, check))
    return LossSum(answer.total, batch.denominator, batch.count)


def accumulate_and_grad(loss: Loss, prediction: Any, target: Any, sample_weight: Any) -> tuple[LossSum, Any]:
    """Return what `accumulate` returns, and the gradient of the reduced value, in one pass over arrays of NumPy."""
    if sample_weight is None and (short := shortcut.sum_and_grad(loss, prediction, target)) is not None:
        return short
    loss, batch = prepared(loss, prediction, target, sample_weight, -1)
    need_derivatives(loss, "gradient")
    scale = gradient_scale(loss.reduction, batch.denominator)
    answer = run(loss, batch, Ask(1, tuple(loss.predictions), scale, False, True))
    gradient = _returned(loss, batch, answer.gradient, None, "prediction")
    return LossSum(answer.total, batch.denominator, batch.count), gradient


def prepared(loss: Loss, prediction: Any, target: Any, sample_weight: Any, axis: int) -> tuple[Loss, Batch]:
    """Return the loss that serves these arguments, and the arguments as an engine reads them."""
    if not hasattr(axis, "__index__"):
        raise OptionError(say("axis", expected="a whole number", got=repr(axis)))
    loss = loss.resolve(prediction, target, axis)
    return loss, loss.prepare(prediction, target, sample_weight, axis)


def run(loss: Loss, batch: Batch, ask: Ask) -> Answer:
    """Run one pass; warn of probabilities given for logits; where the total is NaN, raise if an input is to blame."""
    if ask.check:
        logits.look(loss, batch.predictions[0], batch.axis != 0)
    answer: Answer = engine().run(loss, batch, ask)
    if math.isnan(answer.total) and ask.check:
        explain_nan(loss, batch)
    return answer


def explain_nan(loss: Loss, batch: Batch) -> None:
    """Raise if an input is to blame for a NaN."""
    if batch.target.ndim != batch.predictions[0].ndim:
        arrays.bad_label(
            batch.target, None if batch.weight is None else batch.weight != 0, batch.predictions[0].shape[1]
        )
    inputs = dict(zip(loss.inputs, (*batch.predictions, batch.target), strict=False))
    first_offender(inputs, batch.weight, loss.domains())


def known(reduction: str) -> str:
    """Return a reduction, or raise if there is none of that name."""
    if reduction not in REDUCTIONS:
        raise OptionError(say("reduction", expected='"mean", "sum" or "none"', got=repr(reduction)))
    return reduction


def reduced(answer: Answer, batch: Batch, reduction: str, empty: str) -> Any:
    """Bring an engine's answer to what the caller sees."""
    if answer.terms is not None:
        return answer.terms.reshape(batch.shape)
    if reduction == "sum":
        return in_dtype(answer.total, batch.dtype)
    nothing = mean_of_nothing(empty) if not batch.denominator or empty not in EMPTY else 0.0
    mean = answer.total / batch.denominator if batch.denominator else nothing
    return in_dtype(mean, batch.dtype)


def need_derivatives(loss: Loss, what: str) -> None:
    """Raise where a loss has a value only."""
    if not loss.differentiable:
        raise DerivativeError(
            f"{type(loss).__name__} has a value only: its {what} is 0 wherever it is defined. "
            "Train with a surrogate such as Hinge or BinaryCrossEntropyWithLogits."
        )


def wrt_names(loss: Loss, wrt: str) -> tuple[str, ...]:
    """Return the inputs that `wrt` stands for, or raise if this loss has no slope in them."""
    if wrt == "prediction":
        return tuple(loss.predictions)
    if wrt == "target" and "target" in loss.inputs:
        return ("target",)
    allowed = '"prediction" or "target"' if "target" in loss.inputs else '"prediction": labels have no slope'
    raise OptionError(say("wrt", expected=allowed, got=repr(wrt)))


def _outputs(batch: Batch, prediction: Any, out: Any, wrt: str) -> tuple[Any, ...] | None:
    if out is None:
        return None
    outs = out if isinstance(out, tuple) else (out,)
    sources = (batch.target,) if wrt == "target" else batch.predictions
    if len(outs) != len(sources):
        raise ShapeError(say("out", expected=f"{len(sources)} arrays in a tuple", got=f"{len(outs)}"))
    for given, array in zip(outs, sources, strict=True):
        whole = len(outs) == 1 and wrt == "prediction" and len(batch.predictions) == 1
        shape = np.shape(prediction) if whole else array.shape if batch.axis == 0 else np.shape(prediction)
        dtype = arrays.float_dtype(array)
        right = isinstance(given, np.ndarray) and given.shape == shape and given.dtype == dtype
        if not (right and given.flags.writeable):
            wanted = f"a writeable array of shape {shape} and dtype {dtype}"
            fix = f"out=numpy.empty({shape}, '{dtype}')"
            raise ShapeError(say("out", expected=wanted, got=_described(given), fix=fix))
    read = (*batch.predictions, batch.target)
    apart = all(arrays.lies_apart(o, read, batch.axis == 0) for o in outs)
    direct = apart and batch.axis in (0, -1) and all(o.flags.c_contiguous for o in outs)
    return tuple(o.reshape(a.shape) for o, a in zip(outs, sources, strict=True)) if direct else None


def _described(out: Any) -> str:
    locked = "read-only " * (isinstance(out, np.ndarray) and not out.flags.writeable)
    return f"{locked}{type(out).__name__} of shape {np.shape(out)} and dtype {getattr(out, 'dtype', '?')}"


def _returned(loss: Loss, batch: Batch, results: tuple[Any, ...], out: Any, wrt: str) -> Any:
    found = tuple(shaped(batch, result) for result in results)
    if out is not None:
        outs = out if isinstance(out, tuple) else (out,)
        for given, result in zip(outs, found, strict=True):
            if not np.shares_memory(given, result):
                given[...] = result
        found = outs
    return found[0] if len(found) == 1 else found


def shaped(batch: Batch, result: Any) -> Any:
    """Give a derivative the shape its input had."""
    if batch.axis == 0:
        return result.reshape(batch.shape)
    full = result.reshape(*batch.shape, result.shape[-1])
    return full if batch.axis == -1 else np.moveaxis(full, -1, batch.axis)
