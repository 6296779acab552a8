"""Small networks on NumPy, to train something real with any loss of the library.

Layers with explicit forward and backward passes, optimizers on one flat parameter vector, one training loop
and a few data sets. No automatic differentiation and no GPU: for those the losses go into PyTorch or JAX.
"""

from lossfn.nn import schedules
from lossfn.nn.adaptive import Adaptive, huber_by_spread, in_turn
from lossfn.nn.data import Dataset, from_arrays, split_rows
from lossfn.nn.datasets import DATASETS, breast_cancer, diabetes, digits, sine, spiral
from lossfn.nn.events import TensorBoard
from lossfn.nn.history import History
from lossfn.nn.layers import (
    ELU,
    GELU,
    AvgPool2d,
    BatchNorm,
    ChannelsLast,
    Conv2d,
    Dropout,
    Embedding,
    Flatten,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softplus,
    Tanh,
    draw_weights,
)
from lossfn.nn.model import Sequential
from lossfn.nn.multitask import MultiTask, Uncertainties
from lossfn.nn.optim import SGD, Adadelta, Adagrad, Adam, AdamW, Optimizer, RAdam, RMSProp, State, clip_norm, clip_value
from lossfn.nn.priors import PriorAdjusted, balanced_weights, effective_weights, prior_adjusted
from lossfn.nn.trainer import Trainer

__all__ = [
    "DATASETS",
    "ELU",
    "GELU",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adaptive",
    "AvgPool2d",
    "BatchNorm",
    "ChannelsLast",
    "Conv2d",
    "Dataset",
    "Dropout",
    "Embedding",
    "Flatten",
    "History",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "MultiTask",
    "Optimizer",
    "PriorAdjusted",
    "RAdam",
    "RMSProp",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softplus",
    "State",
    "Tanh",
    "TensorBoard",
    "Trainer",
    "Uncertainties",
    "balanced_weights",
    "breast_cancer",
    "clip_norm",
    "clip_value",
    "diabetes",
    "digits",
    "draw_weights",
    "effective_weights",
    "from_arrays",
    "huber_by_spread",
    "in_turn",
    "prior_adjusted",
    "schedules",
    "sine",
    "spiral",
    "split_rows",
]
