"""The contract of a loss: a frozen dataclass with a formula, and everything that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, Self, dataclass_transform

import numpy as np

from lossfn.core import calls, exact_calls
from lossfn.core.batch import Batch
from lossfn.core.domain import REAL, Domain
from lossfn.core.doors import Doors
from lossfn.core.identity import Identity
from lossfn.core.options import REDUCTIONS, option, settle, travels
from lossfn.core.reduction import LossSum
from lossfn.core.registry import keep
from lossfn.core.registry import register as register_class

Setting = Callable[[str, Any], Any]


@dataclass_transform(frozen_default=True, field_specifiers=(option, field))
@dataclass(frozen=True, repr=False, eq=False)
class Loss(Identity, Doors):
    """Base of every loss: hyperparameters are fields, the class statement registers it.

    A subclass of `Pointwise`, `Row` or `Distribution` gives `formula`; value, gradient, curvature, every
    engine and every test follow. `class MyLoss(Pointwise, register=False)` stays out of the registry.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        What a call returns unless it says otherwise.
    """

    reduction: str = option(default="mean", choices=REDUCTIONS, kw_only=True)

    handle: ClassVar[str]  # set per loss: see `registry.keep`
    estimates: ClassVar[str] = "not stated"
    convex: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True
    inputs: ClassVar[Any] = ()
    predictions: ClassVar[Any] = ("prediction",)
    target_domain: ClassVar[Any] = REAL
    elsewhere: ClassVar[Mapping[str, str]] = {}
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ()
    __array_ufunc__: ClassVar[None] = None  # a NumPy number times a loss is a loss, an array of them is not

    def __init_subclass__(cls, *, register: bool = True, abstract: bool = False) -> None:
        """Make the class a frozen dataclass and register it."""
        dataclass(frozen=True, repr=False, eq=False)(cls)
        if register and not abstract:
            register_class(cls)

    def __post_init__(self) -> None:
        """Check and freeze the hyperparameters."""
        settle(self)
        object.__setattr__(self, "handle", keep(self))

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What engines remember of this loss: it never changes."""
        return {}

    # -- what a call looks like ---------------------------------------------------------------------

    def __call__(
        self,
        prediction: Any,
        target: Any,
        *,
        sample_weight: Any = None,
        reduction: str | None = None,
        axis: int = -1,
        empty: str = "zero",
        check: bool = True,
        exact: bool = False,
    ) -> Any:
        """Return the reduced value (or the terms, with reduction="none").

        Parameters
        ----------
        prediction, target
            Arrays as the class describes them; lists and pandas or polars series are accepted.
        sample_weight
            Non-negative weights of shape (N,) or of the terms; a mean divides by their sum.
        reduction : {"mean", "sum", "none"}, optional
            Overrides the one fixed at construction.
        axis : int
            The class axis of a loss over classes.
        empty : {"zero", "nan", "error"}
            What the mean is when nothing has a weight.
        check : bool
            Whether values outside the loss's domain raise.
        exact : bool
            Whether a sum or mean of NumPy arrays is rounded once: the terms are computed and weighted in float64,
            added without rounding, and the order of the rows does not show.

        Returns
        -------
        NumPy scalar, or array of the terms. float32 for float32 and narrower inputs, else float64.
        """
        reduction = self._chosen(reduction)
        if exact and reduction != "none":
            return exact_calls.value(self, prediction, target, sample_weight, reduction, axis, empty, check)
        return calls.value(self, prediction, target, sample_weight, reduction, axis, empty, check)

    def value_and_grad(
        self,
        prediction: Any,
        target: Any,
        *,
        sample_weight: Any = None,
        reduction: str | None = None,
        axis: int = -1,
        empty: str = "zero",
        check: bool = True,
        wrt: str = "prediction",
        out: Any = None,
    ) -> tuple[Any, Any]:
        """Return the reduced value and the gradient of that reduced value, in one pass.

        With reduction="none": the terms, and the gradient of their sum. The gradient has the shape and
        dtype of the prediction and is written into `out` if given. `wrt="target"` gives the slope in the
        target instead. The other parameters are those of a call.
        """
        return calls.value_and_grad(
            self, prediction, target, sample_weight, self._chosen(reduction), axis, empty, check, wrt, out
        )

    def grad_and_hess(
        self, prediction: Any, target: Any, *, sample_weight: Any = None, axis: int = -1, check: bool = True
    ) -> tuple[Any, Any]:
        """Return gradient and diagonal hessian per element, unreduced, sample weights applied."""
        return calls.grad_and_hess(self, prediction, target, sample_weight, axis, check)

    def hessian_matrix(self, prediction: Any, target: Any, *, sample_weight: Any = None, check: bool = True) -> Any:
        """Return the second derivatives of a pointwise loss between its predictions, cross terms included.

        Per element, unreduced, sample weights applied; shape (..., P, P) for P predictions, in their order.

        Examples
        --------
        >>> import lossfn as lf
        >>> print(lf.GaussianNLL().hessian_matrix(([1.0], [2.0]), [0.0]))
        [[[ 0.5  -0.25]
          [-0.25  0.  ]]]
        """
        return calls.hessian_matrix(self, prediction, target, sample_weight, check)

    def accumulate(
        self,
        prediction: Any,
        target: Any,
        *,
        sample_weight: Any = None,
        axis: int = -1,
        check: bool = True,
        exact: bool = False,
    ) -> LossSum:
        """Return a mergeable `LossSum` of total, denominator and count.

        With `exact`, total and denominator remember what rounding took from them: however a batch of NumPy
        arrays was ordered, split and merged, the result has the same bits.
        """
        answer = exact_calls.accumulate if exact else calls.accumulate
        return answer(self, prediction, target, sample_weight, axis, check)

    def prepare(self, prediction: Any, target: Any, sample_weight: Any, axis: int) -> Batch:
        """Check the arguments and bring them into the form the shape computes on."""
        raise NotImplementedError

    def resolve(self, prediction: Any, target: Any, axis: int) -> Loss:
        """Return the loss that serves these arguments: another one where the kind of target decides."""
        return self

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Call `formula` with the named inputs of the shape."""
        raise NotImplementedError

    def known_slope(self, m: Any, inputs: Mapping[str, Any], name: str) -> Any:
        """Return the slope in one input where the class gives a `gradient` of its own, else None."""
        own = getattr(self, "gradient", None)
        return own(m, *inputs.values()) if own and name == self.inputs[0] else None

    def known_curvature(self, m: Any, inputs: Mapping[str, Any], first: str, second: str) -> Any:
        """Return the second derivative where the class gives a `hessian` of its own, else None."""
        own = getattr(self, "hessian", None)
        return own(m, *inputs.values()) if own and first == second == self.inputs[0] else None

    def domains(self) -> dict[str, Domain]:
        """Return the set each named input must come from, where it is restricted."""
        return {}

    def settings(self) -> dict[str, Any]:
        """Return the hyperparameters that reach a kernel as inputs: name -> float or array."""
        if "settings" not in self.memo:
            self.memo["settings"] = self.travelling()
        found: dict[str, Any] = self.memo["settings"]
        return found

    def travelling(self) -> dict[str, Any]:
        """Find what `settings` remembers: what travels, unless it chooses the formula."""
        values = {spec.name: getattr(self, spec.name) for spec in fields(self) if not spec.metadata.get("static")}
        return {name: v for name, v in values.items() if travels(v)}

    def bind(self, setting: Setting) -> Self:
        """Return a copy whose travelling hyperparameters are replaced: absent arrays by 1."""
        bound = object.__new__(type(self))  # a copy that is not checked: what is bound already is no number
        vars(bound).update({name: value for name, value in vars(self).items() if name != "memo"})
        for spec in fields(self):
            value = getattr(self, spec.name)
            if spec.metadata.get("array") and value is None:
                object.__setattr__(bound, spec.name, 1.0)
            elif spec.name in self.settings():
                object.__setattr__(bound, spec.name, setting(spec.name, value))
        return bound

    def structure(self) -> tuple[Any, ...]:
        """Return what decides the formula: the class, its static choices, which settings exist."""
        present = self.settings()
        rest = tuple((s.name, None if s.name in present else getattr(self, s.name)) for s in fields(self)[1:])
        return type(self), rest, tuple((name, np.ndim(v)) for name, v in present.items())

    def _chosen(self, reduction: str | None) -> str:
        return self.reduction if reduction is None else reduction

    def __mul__(self, factor: float) -> Loss:
        """Scale: `0.7 * Huber()` is a loss."""
        from lossfn.core.algebra import combine

        return combine([(factor, self)]) if isinstance(factor, int | float | np.number) else NotImplemented

    __rmul__ = __mul__

    def __add__(self, other: Loss) -> Loss:
        """Add: terms of one shape fuse into one kernel and keep their names."""
        from lossfn.core.algebra import combine

        return combine([(1.0, self), (1.0, other)]) if isinstance(other, Loss) else NotImplemented

    def __radd__(self, other: int) -> Loss:
        """Let `sum(losses)` work, which starts from 0."""
        return self if isinstance(other, int) and other == 0 else NotImplemented
