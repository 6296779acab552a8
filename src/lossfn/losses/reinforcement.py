"""Losses of reinforcement learning: their targets are advantages and rewards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import Interval
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class PolicyGradient(Pointwise):
    """The surrogate whose slope is the policy gradient: the prediction is log π(a|s), the target the advantage.

    -A log π; both real numbers of one shape.

    Its mean over the steps of a policy has the gradient of the expected return. Its value says nothing: advantages
    of both signs make it rise and fall while the policy improves. For REINFORCE and actor-critic methods.

    Notes
    -----
    For log π = -0.5 and A = 2 the value is 1, as in Stable-Baselines3's A2C and in rlax, which takes logits and an
    action. An entropy bonus is a loss beside it. A = 0 counts 0, even of an impossible action (log π = -∞).

    References
    ----------
    R. J. Williams, Simple statistical gradient-following algorithms for connectionist reinforcement learning, 1992,
    https://doi.org/10.1007/BF00992696

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.PolicyGradient().value_and_grad([-0.5, -2.0], [2.0, -1.0], reduction="none")
    >>> print(value, gradient)
    [ 1. -2.] [-2.  1.]
    """

    predictions = ("log_prob",)
    estimates = "nothing: its slope is that of the expected return"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "rlax": "policy_gradient_loss: the same of logits and an action",
        "Stable-Baselines3": "A2C: the same",
    }

    def formula(self, m: Any, log_prob: Any, advantage: Any) -> Any:
        """-A·log π."""
        return -m.weighted(advantage, log_prob)

    def gradient(self, m: Any, log_prob: Any, advantage: Any) -> Any:
        """-A; NaN where log π is."""
        return m.where(m.equal(log_prob, log_prob), -advantage, log_prob)


class PPOClip(Pointwise):
    """The clipped surrogate of proximal policy optimization: call with (log_prob, old_log_prob) and the advantage.

    -min(ρ A, clip(ρ, 1 - epsilon, 1 + epsilon) A) with ρ = e^(log_prob - old_log_prob); real numbers of one shape.

    A step that made a good action more, or a bad one less probable by more than epsilon has no slope left. Its value
    says nothing by itself. Gradients come as a pair; that of the old policy, which is data, is not used.

    Parameters
    ----------
    epsilon : float, default 0.2
        How far the ratio of the probabilities may pull, above 0 and below 1.

    Notes
    -----
    For a ratio of 1.5 the value is -1.2 at A = 1 and 1.5 at A = -1: a bad action that became more probable is never
    clipped. OpenRLHF clamps the logarithm of the ratio to ±20, where the slope is then 0 and not ρ A.

    References
    ----------
    J. Schulman et al., Proximal policy optimization algorithms, 2017, https://arxiv.org/abs/1707.06347

    Examples
    --------
    >>> import lossfn as lf
    >>> import numpy as np
    >>> ratios = np.log([1.5, 1.5, 0.5])
    >>> value, (slope, _) = lf.PPOClip().value_and_grad((ratios, [0.0, 0.0, 0.0]), [1.0, -1.0, -1.0], reduction="none")
    >>> print(value.round(4), slope.round(4))
    [-1.2  1.5  0.8] [-0.   1.5 -0. ]
    """

    epsilon: float = option(default=0.2, domain=Interval(0, 1, low_open=True, high_open=True))
    predictions = ("log_prob", "old_log_prob")
    convex: ClassVar[bool] = False
    estimates = "nothing: its slope is that of the expected return"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "rlax": "clipped_surrogate_pg_loss: the same of the ratio",
        "Stable-Baselines3": "PPO(clip_range=epsilon): the same",
        "OpenRLHF": "PolicyLoss: the same within a logarithm of ±20",
    }

    def formula(self, m: Any, log_prob: Any, old_log_prob: Any, advantage: Any) -> Any:
        """-A·ρ on the side that is not clipped, else -A·(1 ± ε)."""
        change = log_prob - old_log_prob
        ratio = m.exp(change)
        rising = m.where(change > m.log1p(self.epsilon), 1.0 + self.epsilon, ratio)
        falling = m.where(change < m.log1p(-self.epsilon), 1.0 - self.epsilon, ratio)
        return -m.weighted(advantage, m.where(advantage > 0.0, rising, falling))


class TemporalDifference(Pointwise):
    """Half the squared error of one-step temporal differences: call with (value, next_value) and the reward.

    ½ (reward + discount · next_value - value)²; real numbers of one shape.

    Of steps of a policy it estimates the discounted sum of rewards. Gradients come as a pair. TD(0), Q-learning and
    DQN hold the second prediction fixed and use the first gradient alone; both together are the residual gradient.
    Of the last step of an episode `next_value` is 0. Robustly: `Huber()(value, reward + discount * next_value)`.

    Parameters
    ----------
    discount : float, default 0.99
        What a reward is worth one step later, above 0 and up to 1.

    Notes
    -----
    For value 1, next value 2, reward 0.5 and discount 0.9 the error is 1.3 and the loss 0.845; rlax's `td_learning`
    returns the error itself.

    References
    ----------
    R. S. Sutton, Learning to predict by the methods of temporal differences, 1988, https://doi.org/10.1007/BF00115009.
    L. Baird, Residual algorithms, 1995, https://doi.org/10.1016/B978-1-55860-377-6.50013-X

    Examples
    --------
    >>> import lossfn as lf
    >>> loss = lf.TemporalDifference(discount=0.9)
    >>> value, (of_value, of_next) = loss.value_and_grad(([1.0], [2.0]), [0.5])
    >>> print(value.round(4), of_value.round(4), of_next.round(4))
    0.845 [-1.3] [1.17]
    """

    discount: float = option(default=0.99, domain=Interval(0, 1, low_open=True))
    predictions = ("value", "next_value")
    estimates = "nothing from rows alone: of steps, the discounted sum of rewards"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "rlax": "td_learning, q_learning: the error, of which this is half the square",
        "Stable-Baselines3": "DQN: smooth L1 of the same error",
    }

    def formula(self, m: Any, value: Any, next_value: Any, reward: Any) -> Any:
        """½(v - (r + γ·v'))²."""
        return 0.5 * m.square(value - (reward + self.discount * next_value))
