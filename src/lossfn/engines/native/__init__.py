"""The native engine: formulas compiled in the process by LLVM, one fused pass over memory."""

from lossfn.engines.native.contraction import contract
from lossfn.engines.native.maps import change
from lossfn.engines.native.pooling import hand_back, largest
from lossfn.engines.native.run import plain_pass, run

__all__ = ["change", "contract", "hand_back", "largest", "plain_pass", "run"]
