"""The native engine: formulas compiled in the process by LLVM, one fused pass over memory."""

from lossfn.engines.native.run import run

__all__ = ["run"]
