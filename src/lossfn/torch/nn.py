"""torch's loss modules by their names, arguments and buffers; and `Loss`, a module of any `lossfn` loss.

`from lossfn.torch import nn` in the place of `from torch import nn`: what is no loss is torch's own. Each module is a
subclass of torch's, so constructor, state_dict, `.to()` and `repr` are torch's; `lossfn.torch.functional` computes.
Where no shape of `lossfn` serves a loss yet (CTC, triplets, multi-class margins) the module is torch's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch.nn import CTCLoss, MultiLabelMarginLoss, MultiMarginLoss, TripletMarginLoss, TripletMarginWithDistanceLoss

from lossfn.core import loss as core
from lossfn.torch import functional

Tensor = torch.Tensor
__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "Loss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class Loss(torch.nn.Module):
    """A module of any loss: `Loss(lf.Huber(delta=2.0))(prediction, target)`.

    Parameters
    ----------
    loss : lossfn.Loss
        What is computed; its hyperparameters are constants and not part of the state_dict.
    axis : int
        The class axis of a loss over classes: -1 as in `lossfn`; torch's own losses have it at 1.
    empty : {"zero", "nan", "error"}
        What the mean is when nothing has a weight.

    Examples
    --------
    >>> import torch, lossfn as lf
    >>> from lossfn.torch import nn
    >>> criterion = nn.Loss(lf.Huber(delta=2.0))
    >>> criterion
    Loss(Huber(delta=2.0))
    >>> criterion(torch.tensor([3.0]), torch.tensor([0.0]))
    tensor(4.)
    """

    def __init__(self, loss: core.Loss, *, axis: int = -1, empty: str = "zero") -> None:
        super().__init__()
        self.loss, self.axis, self.empty = loss, axis, empty

    def forward(self, prediction: Any, target: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Return the reduced value; a loss of several predictions takes a tuple of them."""
        found: Tensor = self.loss(prediction, target, sample_weight=sample_weight, axis=self.axis, empty=self.empty)
        return found

    def extra_repr(self) -> str:
        """Write the loss."""
        return repr(self.loss)


class _Served(torch.nn.Module):
    """A module of torch's whose `forward` is a function of ours, given the attributes it `reads`."""

    serve: ClassVar[Callable[..., Tensor]]
    reads: ClassVar[tuple[str, ...]] = ()

    def forward(self, *tensors: Any, **named: Any) -> Tensor:
        """Return the reduced value."""
        options = {name: getattr(self, name) for name in ("reduction", *self.reads)}
        return type(self).serve(*tensors, **named, **options)


class L1Loss(_Served, torch.nn.L1Loss):
    """Absolute error: `functional.l1_loss`."""

    serve = staticmethod(functional.l1_loss)


class MSELoss(_Served, torch.nn.MSELoss):
    """Squared error: `functional.mse_loss`."""

    serve = staticmethod(functional.mse_loss)


class HuberLoss(_Served, torch.nn.HuberLoss):
    """Huber's loss: `functional.huber_loss`."""

    serve, reads = staticmethod(functional.huber_loss), ("delta",)


class SmoothL1Loss(_Served, torch.nn.SmoothL1Loss):
    """Huber's loss over beta: `functional.smooth_l1_loss`."""

    serve, reads = staticmethod(functional.smooth_l1_loss), ("beta",)


class CrossEntropyLoss(_Served, torch.nn.CrossEntropyLoss):
    """Cross-entropy of logits: `functional.cross_entropy`."""

    serve, reads = staticmethod(functional.cross_entropy), ("weight", "ignore_index", "label_smoothing")


class NLLLoss(_Served, torch.nn.NLLLoss):
    """Minus the label's log-probability: `functional.nll_loss`."""

    serve, reads = staticmethod(functional.nll_loss), ("weight", "ignore_index")


class BCELoss(_Served, torch.nn.BCELoss):
    """Cross-entropy of probabilities: `functional.binary_cross_entropy`."""

    serve, reads = staticmethod(functional.binary_cross_entropy), ("weight",)


class BCEWithLogitsLoss(_Served, torch.nn.BCEWithLogitsLoss):
    """Cross-entropy of single logits: `functional.binary_cross_entropy_with_logits`."""

    serve, reads = staticmethod(functional.binary_cross_entropy_with_logits), ("weight", "pos_weight")


class KLDivLoss(_Served, torch.nn.KLDivLoss):
    """Kullback-Leibler divergence: `functional.kl_div`."""

    serve, reads = staticmethod(functional.kl_div), ("log_target",)


class PoissonNLLLoss(_Served, torch.nn.PoissonNLLLoss):
    """Poisson likelihood: `functional.poisson_nll_loss`."""

    serve, reads = staticmethod(functional.poisson_nll_loss), ("full", "eps")

    def forward(self, *tensors: Any, **named: Any) -> Tensor:
        """Return the reduced value; `log_input` names an option of the function, and an argument here."""
        first = (named.pop("log_input"),) if "log_input" in named else ()
        return super().forward(*first, *tensors, **named, log_input=self.log_input)


class GaussianNLLLoss(_Served, torch.nn.GaussianNLLLoss):
    """Normal likelihood: `functional.gaussian_nll_loss`."""

    serve, reads = staticmethod(functional.gaussian_nll_loss), ("full", "eps")


class SoftMarginLoss(_Served, torch.nn.SoftMarginLoss):
    """log(1 + e^(-target·input)): `functional.soft_margin_loss`."""

    serve = staticmethod(functional.soft_margin_loss)


class HingeEmbeddingLoss(_Served, torch.nn.HingeEmbeddingLoss):
    """A distance or the margin it lacks: `functional.hinge_embedding_loss`."""

    serve, reads = staticmethod(functional.hinge_embedding_loss), ("margin",)


class MultiLabelSoftMarginLoss(_Served, torch.nn.MultiLabelSoftMarginLoss):
    """Cross-entropy of several labels: `functional.multilabel_soft_margin_loss`."""

    serve, reads = staticmethod(functional.multilabel_soft_margin_loss), ("weight",)


class MarginRankingLoss(_Served, torch.nn.MarginRankingLoss):
    """The margin by which one score fails to lead: `functional.margin_ranking_loss`."""

    serve, reads = staticmethod(functional.margin_ranking_loss), ("margin",)


class CosineEmbeddingLoss(_Served, torch.nn.CosineEmbeddingLoss):
    """A cosine for one label, its margin for the other: `functional.cosine_embedding_loss`."""

    serve, reads = staticmethod(functional.cosine_embedding_loss), ("margin",)


def __getattr__(name: str) -> Any:
    """Return what is no loss, a layer or a container, as torch has it."""
    return getattr(torch.nn, name)
