"""Layers with an explicit forward and backward pass, so that the chain rule can be read."""

from lossfn.nn.layers.activations import ELU, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from lossfn.nn.layers.arrange import ChannelsLast, Flatten
from lossfn.nn.layers.base import Array, Layer
from lossfn.nn.layers.conv import Conv2d
from lossfn.nn.layers.dropout import Dropout
from lossfn.nn.layers.embedding import Embedding
from lossfn.nn.layers.gelu import GELU
from lossfn.nn.layers.initial import Init, draw_weights
from lossfn.nn.layers.linear import Linear
from lossfn.nn.layers.norm import BatchNorm, LayerNorm
from lossfn.nn.layers.pooling import AvgPool2d, MaxPool2d

__all__ = [
    "ELU",
    "GELU",
    "Array",
    "AvgPool2d",
    "BatchNorm",
    "ChannelsLast",
    "Conv2d",
    "Dropout",
    "Embedding",
    "Flatten",
    "Init",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "ReLU",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "draw_weights",
]
