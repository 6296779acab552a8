"""The curvatures that losses give for training beside their hessian: a majorizer bounds, Fisher's is an expectation."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.engines.reference import NumPyVerbs
from semantics.samples import SMOOTH, name

M = NumPyVerbs()
BOUNDS = [lf.Hinge(), lf.SquaredHinge(), lf.ModifiedHuber()]
X = np.linspace(-3.0, 4.0, 57)


def excess(loss, shrunk):
    """The least by which the parabola at x lies above the loss at z, over all pairs and both labels."""
    x, z = (a.ravel() for a in np.meshgrid(X, X))
    gaps = []
    for target in (np.zeros(x.shape), np.ones(x.shape)):
        here, slope = loss.value_and_grad(x, target, reduction="none")
        bend = shrunk * loss.majorizer(M, x, target)
        gap = here + slope * (z - x) + 0.5 * bend * (z - x) ** 2 - loss(z, target, reduction="none")
        gaps.append(gap[abs(abs(x) - 1.0) > 0.1].min())  # a hinge's curvature is cut off about its corner
    return min(gaps)


@pytest.mark.parametrize("loss", BOUNDS, ids=name)
def test_a_majorizer_lies_above_and_touches(loss):
    assert excess(loss, 1.0) >= -1e-12
    assert excess(loss, 0.98) < -1e-6


def test_a_hinge_is_no_steeper_than_five_about_its_corner():
    assert list(lf.Hinge().majorizer(M, np.array([1.0, 0.95, -1.0]), np.array([1.0, 1.0, 0.0]))) == [5.0] * 3


@pytest.mark.parametrize("options", [{}, {"gamma": 0.5, "alpha": 0.25}, {"gamma": 3.0}])
def test_a_focal_majorizer_weighs_that_of_the_cross_entropy(options):
    focal, entropy = lf.BinaryFocal(**options), lf.BinaryCrossEntropyWithLogits()
    for target in (np.zeros(X.shape), np.ones(X.shape)):
        slopes = [loss.value_and_grad(X, target, reduction="none")[1] for loss in (focal, entropy)]
        expected = slopes[0] / slopes[1] * entropy.grad_and_hess(X, target)[1]
        np.testing.assert_allclose(focal.majorizer(M, X, target), expected, rtol=1e-12)


def test_fisher_of_a_normal_likelihood_is_the_mean_hessian():
    mean, variance = np.array([0.3, -2.0, 5.0]), np.array([0.5, 2.0, 9.0])
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    expected = [0.0, 0.0]
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        target = mean + np.sqrt(variance) * node
        hessian = lf.GaussianNLL().grad_and_hess((mean, variance), target)[1]
        expected = [total + weight * part for total, part in zip(expected, hessian, strict=True)]
    np.testing.assert_allclose(lf.GaussianNLL().fisher(M, mean, variance, None), expected, rtol=1e-12)


def test_fisher_of_logarithms_is_the_hessian_at_the_target():
    x = np.array([0.0, 0.5, 30.0])
    expected = lf.SquaredLogError().grad_and_hess(x, x)[1]
    np.testing.assert_allclose(lf.SquaredLogError().fisher(M, x, None), expected, rtol=1e-12)


def test_no_other_loss_has_one():
    majorized = {loss for loss in SMOOTH if hasattr(loss, "majorizer")}
    assert majorized == {*BOUNDS, lf.BinaryFocal()}
    assert {loss for loss in SMOOTH if hasattr(loss, "fisher")} == {lf.GaussianNLL(), lf.SquaredLogError()}
