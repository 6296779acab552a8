"""Losses for PyTorch: any `lossfn` loss takes tensors; `nn` and `functional` have torch's names and semantics."""
