"""Losses for PyTorch: any `lossfn` loss takes tensors; `nn` and `functional` have torch's names and semantics."""

from lossfn.torch import functional, nn
from lossfn.torch.ranks import all_reduce
from lossfn.torch.sharded.parallel import ClassParallel
from lossfn.torch.trainer import TrainerLoss

__all__ = ["ClassParallel", "TrainerLoss", "all_reduce", "functional", "nn"]
