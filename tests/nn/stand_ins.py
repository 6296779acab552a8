"""Losses written out by hand: the trainer must need nothing of a loss but these two methods."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sum:
    total: float
    denominator: float
    count: int

    def __add__(self, other):
        return Sum(self.total + other.total, self.denominator + other.denominator, self.count + other.count)

    def mean(self):
        return self.total / self.denominator


class StandIn:
    def accumulate(self, prediction, target, *, sample_weight=None):
        value, _ = self.terms(prediction, target)
        weight = np.ones(len(value)) if sample_weight is None else sample_weight
        return Sum(float((weight * value).sum()), float(weight.sum()), len(value))

    def value_and_grad(self, prediction, target, *, sample_weight=None):
        value, slope = self.terms(prediction, target)
        weight = np.ones(len(value), prediction.dtype) if sample_weight is None else sample_weight
        share = weight / weight.sum()
        return (share * value).sum(), share.reshape(-1, *[1] * (slope.ndim - 1)) * slope


class Squared(StandIn):
    def terms(self, prediction, target):
        assert prediction.shape == target.shape
        residual = prediction - target
        return residual**2, 2 * residual


class SoftmaxCrossEntropy(StandIn):
    def terms(self, prediction, target):
        rows = np.arange(len(target))
        shifted = prediction - prediction.max(axis=1, keepdims=True)
        power = np.exp(shifted)
        total = power.sum(axis=1)
        slope = power / total[:, None]
        slope[rows, target] -= 1
        return np.log(total) - shifted[rows, target], slope


class Logistic(StandIn):
    def terms(self, prediction, target):
        assert prediction.shape == target.shape
        assert target.dtype == prediction.dtype
        value = np.logaddexp(0, prediction) - target * prediction
        return value, 1 / (1 + np.exp(-prediction)) - target
