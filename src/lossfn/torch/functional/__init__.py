"""torch's loss functions by their names, arguments and defaults, with the numerics of `lossfn`.

`from lossfn.torch import functional as F` in the place of `import torch.nn.functional as F`: what is no loss is
torch's own. Each docstring says what differs from torch, and where an oddity of torch's is kept. Inside
`torch.compile` each is torch's own function; `lossfn.torch.nn.Loss`, and any loss itself, compile with the numerics of
`lossfn`.
"""

from typing import Any

import torch

from lossfn.torch.functional.classes import cross_entropy, nll_loss
from lossfn.torch.functional.elementwise import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    gaussian_nll_loss,
    hinge_embedding_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    multilabel_soft_margin_loss,
    poisson_nll_loss,
    smooth_l1_loss,
    soft_margin_loss,
)
from lossfn.torch.functional.pairs import (
    cosine_embedding_loss,
    ctc_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def __getattr__(name: str) -> Any:
    """Return what is no loss, an activation or a convolution, as torch has it."""
    return getattr(torch.nn.functional, name)
