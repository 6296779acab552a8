"""A loss whose hyperparameters are learnt: they become predictions, with slopes and cross terms of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lossfn.core.domain import REAL, Domain
from lossfn.core.errors import OptionError, say
from lossfn.core.graph import derive
from lossfn.core.kinds import Pointwise
from lossfn.core.loss import Loss, Setting
from lossfn.core.options import option
from lossfn.core.program import curvature, slope


def learned(loss: Loss, *names: str) -> Pointwise:
    """Return a loss that takes some of its hyperparameters as further predictions.

    `value_and_grad` then has slopes in them, `hessian_matrix` the second derivatives between them and the prediction,
    which is what one step of meta-learning needs: a parameter θ' = θ - η ∂L/∂θ moves with a hyperparameter φ by
    -η ∂²L/∂θ∂φ. Tensors of torch are differentiated as often as asked.

    Parameters
    ----------
    loss : Loss
        A pointwise loss.
    *names : str
        Hyperparameters that are numbers and do not choose the formula.

    Returns
    -------
    Pointwise
        Called with (prediction, *hyperparameters), all of one shape.

    Raises
    ------
    OptionError
        A loss over classes, or a hyperparameter that cannot move.

    Examples
    --------
    >>> import lossfn as lf
    >>> loss = lf.learned(lf.Huber(), "delta")
    >>> value, (of_prediction, of_delta) = loss.value_and_grad(([3.0], [1.0]), [0.0])
    >>> print(value, of_prediction, of_delta)
    2.5 [1.] [2.]
    >>> print(loss.hessian_matrix(([3.0], [1.0]), [0.0])[0])
    [[ 0.  1.]
     [ 1. -1.]]
    """
    movable = [name for name, value in loss.settings().items() if isinstance(value, float)]
    wrong = [name for name in names if name not in movable]
    if not isinstance(loss, Pointwise) or wrong or not names or len(set(names)) < len(names):
        expected = f"numbers of a pointwise loss that do not choose its formula: {', '.join(movable) or 'none here'}"
        expected += ", each once" * (not wrong and len(names) > 1)
        got = ", ".join(wrong or names) or "none"
        raise OptionError(say("names", expected=expected, got=got, fix='learned(Huber(), "delta")'))
    return Learned(loss=loss, names=names, reduction=loss.reduction)


class Learned(Pointwise, register=False):
    """A pointwise loss, some of whose hyperparameters are predictions."""

    loss: Any = option(default=None, static=True)
    names: tuple[str, ...] = option(default=(), static=True)

    @property
    def predictions(self) -> tuple[str, ...]:  # type: ignore[override]  # the names decide
        """The predictions of the loss, then the hyperparameters that are learnt."""
        return (*self.loss.predictions, *self.names)

    @property
    def estimates(self) -> str:  # type: ignore[override]  # the loss inside decides
        """What the loss estimates whatever its hyperparameters, as far as that is known."""
        return f"nothing by itself: {self.loss.estimates}, its hyperparameters held"

    @property
    def convex(self) -> bool:  # type: ignore[override]  # in all predictions together
        """A loss is rarely convex in its hyperparameters, too."""
        return False

    @property
    def differentiable(self) -> bool:  # type: ignore[override]  # the loss inside decides
        """Whether the loss is."""
        return bool(self.loss.differentiable)

    def domains(self) -> dict[str, Domain]:
        """Return the domains of predictions, target and the hyperparameters."""
        inside = {spec.name: spec.metadata.get("domain") or REAL for spec in fields(self.loss)}
        known: dict[str, Domain] = self.loss.domains()
        return known | {name: inside[name] for name in self.names if inside.get(name, REAL) != REAL}

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Apply the formula with the hyperparameters as they come."""
        return self._bound(inputs).apply_formula(m, self._inner(inputs))

    def known_slope(self, m: Any, inputs: Mapping[str, Any], name: str) -> Any:
        """Return the loss's own slope in a prediction or the target; that in a hyperparameter is NaN where it is."""
        if name not in self.names:
            return slope(self._bound(inputs), m, self._inner(inputs), name)
        found = derive(self.apply_formula(m, inputs), inputs[name])
        return m.where(m.equal(inputs[name], inputs[name]), found, inputs[name])

    def known_curvature(self, m: Any, inputs: Mapping[str, Any], first: str, second: str) -> Any:
        """Return the loss's own curvature where no hyperparameter is involved."""
        if {first, second} & set(self.names):
            return None
        return curvature(self._bound(inputs), m, self._inner(inputs), first, second)

    def travelling(self) -> dict[str, Any]:
        """Find the hyperparameters that are not learnt."""
        return {name: value for name, value in self.loss.settings().items() if name not in self.names}

    def bind(self, setting: Setting) -> Any:
        """Replace what travels in the loss inside; what is learnt stays."""
        bound = type(self)(loss=self.loss, names=self.names)
        object.__setattr__(bound, "loss", self.loss.bind(lambda n, v: v if n in self.names else setting(n, v)))
        return bound

    def structure(self) -> tuple[Any, ...]:
        """Return the structure of the loss inside, and what is learnt."""
        return type(self), self.names, self.loss.structure()

    def _inner(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {name: inputs[name] for name in self.loss.inputs}

    def _bound(self, inputs: Mapping[str, Any]) -> Any:
        return self.loss.bind(lambda name, value: inputs[name] if name in self.names else value)
