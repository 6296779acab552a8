"""Every loss, and legal tensors for each."""

from __future__ import annotations

import numpy as np

from every_loss.variants import variants
from lossfn.core.kinds import Pointwise
from semantics.samples import each, joined, parts, sample

LOSSES = variants()
SMOOTH = [loss for loss in LOSSES if loss.differentiable]
N, K = 5, 3


def arrays(loss, rng, dtype=np.float64):
    """Prediction and target as arrays: N rows of K numbers."""
    return sample(loss, rng, (N, K) if isinstance(loss, Pointwise) else (N,), dtype, classes=K)


def tensors(torch, prediction, target):
    """The same as tensors of which every float asks for a gradient."""
    return each(lambda array: leaf(torch, array), prediction), leaf(torch, target)


def leaf(torch, array):
    """An array as a tensor that asks for a gradient where it can."""
    tensor = torch.tensor(array)
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor


def gradients(prediction):
    """What backward left in a prediction, as arrays in its form."""
    return joined([p.grad.numpy() for p in parts(prediction)])
