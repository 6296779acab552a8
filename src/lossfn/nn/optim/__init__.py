"""Optimizers on one flat parameter vector, equal to torch.optim step for step."""

from lossfn.nn.optim.adam import Adam, AdamW, RAdam
from lossfn.nn.optim.adaptive import Adadelta, Adagrad, RMSProp
from lossfn.nn.optim.base import Optimizer, State
from lossfn.nn.optim.clipping import clip_norm, clip_value
from lossfn.nn.optim.descent import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RAdam",
    "RMSProp",
    "State",
    "clip_norm",
    "clip_value",
]
