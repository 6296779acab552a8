import numpy as np
import pytest

import lossfn as lf
from lossfn.core.domain import POSITIVE
from lossfn.core.errors import DomainError, OptionError
from lossfn.explanation.laws import results


class Rounded(lf.Pointwise, register=False):
    """The quantile loss with its corner rounded: two hyperparameters."""

    q: float = lf.option(default=0.7, domain=lf.Interval(0, 1))
    width: float = lf.option(default=0.5, domain=POSITIVE)

    def formula(self, m, prediction, target):
        excess = prediction - target
        return self.width * m.softplus(excess / self.width) - self.q * excess


LOSSES = [
    lf.learned(lf.Huber(), "delta"),
    lf.learned(lf.Quantile(q=0.9), "q"),
    lf.learned(lf.Cauchy(), "scale"),
    lf.learned(0.7 * lf.Huber(delta=2.0) + 0.3 * lf.AbsoluteError(), "0", "0.delta"),
    lf.learned(0.7 * lf.Huber(delta=2.0) + 0.3 * lf.AbsoluteError(), "0"),
    lf.learned(Rounded(), "q"),
    lf.learned(Rounded(), "width"),
]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_learned_loss_keeps_every_law(loss):
    assert [result for result in results(loss) if not result.passed] == []


def test_value_is_that_of_the_loss_with_the_hyperparameter(rng):
    p, t, delta = rng.normal(size=20), rng.normal(size=20), rng.uniform(0.2, 2, 20)
    expected = [lf.Huber(delta=d)([x], [y]) for x, y, d in zip(p, t, delta, strict=True)]
    np.testing.assert_allclose(LOSSES[0]((p, delta), t, reduction="none"), expected, rtol=1e-12)


def test_hyperparameter_keeps_its_domain():
    with pytest.raises(DomainError, match="delta"):
        LOSSES[0](([1.0], [-1.0]), [0.0])


@pytest.mark.parametrize(
    ("loss", "names"),
    [
        (lf.Huber(), ()),
        (lf.Huber(), ("delta", "delta")),
        (lf.Huber(), ("beta",)),
        (lf.Barron(), ("alpha",)),
        (lf.CrossEntropy(), ("label_smoothing",)),
    ],
)
def test_what_cannot_be_learnt_is_refused(loss, names):
    with pytest.raises(OptionError, match="names"):
        lf.learned(loss, *names)
