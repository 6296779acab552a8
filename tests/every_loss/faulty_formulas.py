"""Losses that are wrong: each breaks one law."""

from typing import ClassVar

import lossfn as lf
from every_loss.planting import wrong
from lossfn.core.domain import NONNEGATIVE, REAL
from lossfn.core.loss import Loss
from lossfn.core.options import option


class Squared(lf.Pointwise, register=False, abstract=True):
    """A right formula to hang wrong derivatives on."""

    def formula(self, m, prediction, target):
        return m.square(prediction - target)


@wrong("gradient")
class GradientTooLarge(Squared, register=False):
    def gradient(self, m, prediction, target):
        return 2.002 * (prediction - target)


@wrong("gradient")
class GradientWithTheWrongSign(Squared, register=False):
    def gradient(self, m, prediction, target):
        return 2.0 * (target - prediction)


@wrong("gradient")
class GradientOffByAConstant(Squared, register=False):
    def gradient(self, m, prediction, target):
        return 2.0 * (prediction - target) + 1e-6


@wrong("gradient")
class GradientForgetsTheSecondPrediction(lf.Pointwise, register=False):
    predictions = ("mean", "scale")
    prediction_domain = (REAL, REAL)
    convex: ClassVar[bool] = False

    def formula(self, m, mean, scale, target):
        return m.square(mean - target) * m.exp(-scale) + scale

    def known_slope(self, m, inputs, name):
        return 0.0 if name == "scale" else None


@wrong("gradient")
class GradientOfRowsTooLarge(lf.Row, register=False):
    def formula(self, m, row):
        return -row.log_prob

    def gradient(self, m, log_prob, log_sum_exp, mean_log_prob):
        return -1.001 + 0.0 * log_prob


@wrong("gradient")
class GradientOfSharesTooLarge(lf.Distribution, register=False):
    def formula(self, m, log_prob, target):
        return -m.weighted(target, log_prob)

    def gradient(self, m, log_prob, target):
        return -1.001 * target


@wrong("hessian")
class HessianHalved(Squared, register=False):
    def hessian(self, m, prediction, target):
        return 1.0


@wrong("hessian")
class HessianOfTheGaussNewtonKind(lf.Pointwise, register=False):
    def formula(self, m, prediction, target):
        return m.square(m.exp(prediction) - target)

    def hessian(self, m, prediction, target):
        return 2.0 * m.exp(2.0 * prediction)


@wrong("cross terms")
class CrossTermForgotten(lf.Pointwise, register=False):
    predictions = ("mean", "scale")
    prediction_domain = (REAL, REAL)
    convex: ClassVar[bool] = False

    def formula(self, m, mean, scale, target):
        return m.square(mean - target) * m.exp(-scale) + scale

    def known_curvature(self, m, inputs, first, second):
        return 0.0 if first != second else None


@wrong("target slope")
class TargetSlopeForgotten(Squared, register=False):
    def known_slope(self, m, inputs, name):
        return 0.0 if name == "target" else None


@wrong("kinks")
class GradientOutsideOnAKink(lf.Pointwise, register=False):
    def formula(self, m, prediction, target):
        return m.abs(prediction - target)

    def gradient(self, m, prediction, target):
        residual = prediction - target
        return m.where(m.equal(residual, 0.0), 1.5, m.sign(residual))


@wrong("kinks")
class GradientOfTheOtherSideBesideAKink(lf.Pointwise, register=False):
    def formula(self, m, prediction, target):
        return m.maximum(prediction - target, 0.0)

    def gradient(self, m, prediction, target):
        return m.where(prediction - target > -1e-6, 1.0, 0.0)


@wrong("ends")
class GradientClippedAtTheEnd(lf.Pointwise, register=False):
    prediction_domain = NONNEGATIVE

    def formula(self, m, prediction, target):
        return m.square(prediction - target)

    def gradient(self, m, prediction, target):
        return m.where(prediction <= 0.0, 0.0, 2.0 * (prediction - target))


@wrong("values")
class OverflowFarOut(lf.Pointwise, register=False):
    def formula(self, m, prediction, target):
        odds = m.exp(prediction - target)
        return m.square(odds / (1.0 + odds))


@wrong("convex")
class ConvexOnlyByName(lf.Pointwise, register=False):
    def formula(self, m, prediction, target):
        return -m.expm1(-m.square(prediction - target))


@wrong("nan")
class NanSwallowed(lf.Pointwise, register=False):
    def formula(self, m, prediction, target):
        return m.where(prediction > target, prediction - target, 0.0)


@wrong("options")
class OptionDropped(Squared, register=False):
    delta: float = option(default=1.0, domain=NONNEGATIVE)


@wrong("options")
class OptionDroppedFromTheGradient(lf.Pointwise, register=False):
    delta: float = option(default=1.0, domain=NONNEGATIVE)

    def formula(self, m, prediction, target):
        return self.delta * m.square(prediction - target)

    def gradient(self, m, prediction, target):
        return 2.0 * (prediction - target)


@wrong("options")
class OptionFrozenIntoTheFirstKernel(lf.Pointwise, register=False):
    power: float = option(default=2.0, domain=NONNEGATIVE, static=True)
    convex: ClassVar[bool] = False

    def formula(self, m, prediction, target):
        return m.power(1.0 + m.square(prediction - target), self.power)

    def structure(self):
        return (type(self),)


@wrong("copies")
class EqualWhateverTheOptions(Squared, register=False):
    def __eq__(self, other):
        return type(self) is type(other)

    __hash__ = Loss.__hash__


@wrong("copies")
class HashedByIdentity(Squared, register=False):
    def __hash__(self):
        return id(self)


@wrong("copies")
class ReprHidesAnOption(lf.Pointwise, register=False):
    delta: float = option(default=2.0, domain=NONNEGATIVE)

    def formula(self, m, prediction, target):
        return self.delta * m.square(prediction - target)

    def __repr__(self):
        return "ReprHidesAnOption()"


@wrong("writing")
class SignTakenFromTheWrongLabels(lf.Pointwise, register=False):
    labels: str = option(default="01", choices=("01", "pm1"), static=True, kw_only=True)

    def formula(self, m, prediction, target):
        return m.softplus(-(2.0 * target - 1.0) * prediction)


@wrong("masks")
class InfiniteAtAMask(lf.Distribution, register=False):
    convex: ClassVar[bool] = False

    def formula(self, m, log_prob, target):
        return -(target * log_prob)
