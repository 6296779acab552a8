"""The networks of the training part, and their twins in torch with the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch

from lossfn.nn import ChannelsLast, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU, Sequential, Tanh

TWINS = {ReLU: torch.nn.ReLU, Tanh: torch.nn.Tanh, Flatten: torch.nn.Flatten, ChannelsLast: torch.nn.Identity}


def dense(sizes: Sequence[int], activation: type[Layer], seed: int = 0) -> Sequential:
    """Return affine maps with an activation between them."""
    layers: list[Layer] = []
    for inputs, outputs in pairwise(sizes):
        layers += [Linear(inputs, outputs), activation()]
    return Sequential(layers[:-1], seed)


def cifar() -> Sequential:
    """Return the network of the CIFAR-10 tutorial: 145,578 parameters."""
    convolutions = [Conv2d(a, b, 5, padding=2) for a, b in [(3, 32), (32, 32), (32, 64)]]
    body = [layer for conv in convolutions for layer in (conv, MaxPool2d(2))]
    return Sequential([ChannelsLast(), *body, Flatten(), Linear(1024, 64), Linear(64, 10)])


def twin(model: Sequential) -> torch.nn.Sequential:
    """Return the same network in torch, whose images have their channels first."""
    layers, images = [], False
    for layer in model.layers.values():
        if isinstance(layer, Linear):
            layers.append(_linear(layer, images))
            images = False
        elif isinstance(layer, Conv2d):
            layers.append(_convolution(layer))
            images = True
        elif isinstance(layer, MaxPool2d):
            layers.append(torch.nn.MaxPool2d(layer.kernel_size))
        else:
            layers.append(TWINS[type(layer)]())
    return torch.nn.Sequential(*layers)


def _linear(layer: Linear, images: bool) -> torch.nn.Linear:
    weight = layer.weight
    if images:  # rows are (height, width, channel) here, (channel, height, width) there
        side, outputs = 4, weight.shape[1]
        weight = weight.reshape(side, side, -1, outputs).transpose(2, 0, 1, 3).reshape(-1, outputs)
    return _filled(torch.nn.Linear(layer.inputs, layer.outputs), weight.T, layer.bias)


def _convolution(layer: Conv2d) -> torch.nn.Conv2d:
    k = layer.kernel_size
    weight = layer.weight.reshape(k, k, layer.inputs, layer.outputs).transpose(3, 2, 0, 1)
    return _filled(torch.nn.Conv2d(layer.inputs, layer.outputs, k, padding=layer.padding), weight, layer.bias)


def _filled(module: torch.nn.Module, weight: np.ndarray, bias: np.ndarray) -> torch.nn.Module:
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
        module.bias.copy_(torch.from_numpy(bias))
    return module
