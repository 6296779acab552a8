"""Losses for PyTorch: any `lossfn` loss takes tensors; `nn` and `functional` have torch's names and semantics."""

from lossfn.torch import functional, nn

__all__ = ["functional", "nn"]
