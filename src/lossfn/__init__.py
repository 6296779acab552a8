"""Every loss function people train with: exact value, gradient and curvature, at the speed of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lossfn.comparison.compare import compare
    from lossfn.core.domain import Choice, Interval
    from lossfn.core.errors import LossfnError
    from lossfn.core.kinds import Distribution, Pointwise, Row
    from lossfn.core.learned import learned
    from lossfn.core.loss import Loss
    from lossfn.core.options import option
    from lossfn.core.reduction import LossSum
    from lossfn.core.threads import get_num_threads, set_num_threads
    from lossfn.explanation.explained import explain
    from lossfn.explanation.gradcheck import gradcheck
    from lossfn.explanation.laws import check
    from lossfn.explanation.plots import plot
    from lossfn.functions import *
    from lossfn.losses.barron import *
    from lossfn.losses.binary import *
    from lossfn.losses.classes import *
    from lossfn.losses.divergences import *
    from lossfn.losses.hinges import *
    from lossfn.losses.huber import *
    from lossfn.losses.likelihoods import *
    from lossfn.losses.margins import *
    from lossfn.losses.quantiles import *
    from lossfn.losses.regression import *
    from lossfn.losses.reweighted import *
    from lossfn.losses.robust import *
    from lossfn.losses.smooth import *

_HOME = {
    "check": "explanation.laws",
    "compare": "comparison.compare",
    "explain": "explanation.explained",
    "get_num_threads": "core.threads",
    "gradcheck": "explanation.gradcheck",
    "plot": "explanation.plots",
    "set_num_threads": "core.threads",
    "Choice": "core.domain",
    "Distribution": "core.kinds",
    "Interval": "core.domain",
    "Loss": "core.loss",
    "LossSum": "core.reduction",
    "LossfnError": "core.errors",
    "Pointwise": "core.kinds",
    "Row": "core.kinds",
    "learned": "core.learned",
    "log_sigmoid": "functions",
    "log_softmax": "functions",
    "logsumexp": "functions",
    "one_hot": "functions",
    "option": "core.options",
    "sigmoid": "functions",
    "softmax": "functions",
    "softplus": "functions",
}


def get(name: str, **options: Any) -> Loss:
    """Return the loss of that name, in any spelling of case and underscores, with its options.

    Raises
    ------
    UnknownLossError
        If no loss has that name; the message says which come close.
    OptionError
        If the loss has no such option or the value is not allowed.

    Examples
    --------
    >>> import lossfn as lf
    >>> lf.get("huber", delta=2.0)
    Huber(delta=2.0)
    """
    from lossfn.core.registry import build

    _load()
    return build(name, **options)


def list_losses() -> list[str]:
    """Return the names of all losses, sorted.

    Examples
    --------
    >>> import lossfn as lf
    >>> "huber" in lf.list_losses()
    True
    """
    from lossfn.core.registry import REGISTRY

    _load()
    return sorted(REGISTRY)


def _load() -> None:
    from importlib import import_module

    import_module("lossfn.losses")


def __getattr__(name: str) -> Any:
    """Load a public name, or a loss, on first use."""
    from importlib import import_module

    if name in _HOME:
        return getattr(import_module(f"lossfn.{_HOME[name]}"), name)
    if name[:1].isupper():
        from lossfn.core.registry import REGISTRY

        _load()
        for cls in REGISTRY.values():
            if cls.__name__ == name:
                return cls
    raise AttributeError(f"module 'lossfn' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, the losses among them."""
    from lossfn.core.registry import REGISTRY

    _load()
    return sorted([*_HOME, "get", "list_losses", *(cls.__name__ for cls in REGISTRY.values())])
