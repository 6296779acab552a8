import numpy as np
import pytest

import lossfn as lf
from lossfn.compat.tinynn import MAE, MSE, CrossEntropy, HuberLoss, KLDivLoss, log_softmax, one_hot, sigmoid, softmax
from lossfn.core.errors import ShapeError, TargetError
from with_compat.test_simple_nn import differences

D = 3


@pytest.fixture
def logits(rng):
    return rng.normal(size=(4, D))


@pytest.fixture
def probs(rng):
    return softmax(rng.normal(size=(4, D)))


@pytest.mark.covers(56, 62, 64, 66, 73)
@pytest.mark.parametrize("loss", [MAE(), MSE(), HuberLoss(0.5), HuberLoss(2.0), CrossEntropy(), KLDivLoss()])
def test_the_gradient_is_that_of_the_value(loss, logits, probs):
    slope = loss.grad(logits, probs)
    np.testing.assert_allclose(slope, differences(lambda x: loss.loss(x, probs), logits), atol=1e-8)


@pytest.mark.covers(61, 63, 65, 85)
@pytest.mark.parametrize(
    ("loss", "standard", "factor"),
    [
        (MAE(), lf.AbsoluteError(), D),
        (MSE(), lf.SquaredError(), D / 2),
        (HuberLoss(0.5), lf.Huber(delta=0.5), D),
        (KLDivLoss(), lf.KLFromLogits(), 1),
    ],
)
def test_relation_to_the_standard_definition(loss, standard, factor, logits, probs):
    assert loss.loss(logits, probs) == pytest.approx(factor * standard(logits, probs))


@pytest.mark.covers(74, 76, 77)
def test_cross_entropy_of_labels_and_of_probabilities(logits, probs):
    labels = np.array([0, 2, 1, 1])
    assert CrossEntropy().loss(logits, one_hot(labels, D)) == pytest.approx(lf.CrossEntropy()(logits, labels))
    expected = -(probs * log_softmax(logits)).sum() / 4
    assert CrossEntropy().loss(logits, probs) == pytest.approx(expected)


@pytest.mark.covers(74)
def test_a_masked_class_costs_nothing():
    masked = np.array([[1.0, 2.0, -np.inf]])
    assert CrossEntropy().loss(masked, [[1.0, 0.0, 0.0]]) == pytest.approx(np.log1p(np.e))


@pytest.mark.covers(69, 78)
def test_a_distribution_does_not_diverge_from_itself(probs):
    assert KLDivLoss().loss(np.log(probs), probs) == pytest.approx(0, abs=1e-15)
    assert KLDivLoss().loss(np.zeros_like(probs), probs) > 0


@pytest.mark.covers(57, 58, 59, 60)
def test_functions_of_the_tutorial(logits):
    np.testing.assert_allclose(softmax(logits, dim=0).sum(axis=0), 1)
    np.testing.assert_allclose(np.exp(log_softmax(logits, dim=1)), softmax(logits, dim=1))
    assert sigmoid(-1000.0) == 0
    np.testing.assert_array_equal(one_hot([[1], [0]], 2), [[0, 1], [1, 0]])


@pytest.mark.covers(27, 60)
def test_mistakes_are_errors():
    with pytest.raises(TargetError):
        one_hot([-1], 3)
    with pytest.raises(ShapeError):
        MSE().loss(np.zeros((8, 1)), np.zeros(8))
