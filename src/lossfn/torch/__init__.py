"""Losses for PyTorch: any `lossfn` loss takes tensors; `nn` and `functional` have torch's names and semantics."""

from lossfn.torch import functional, nn
from lossfn.torch.ranks import all_reduce

__all__ = ["all_reduce", "functional", "nn"]
