import numpy as np
import pytest

import lossfn as lf


def test_slope_is_that_of_the_expected_return(rng):
    # One state, four actions: J = Σ π_a R_a, its gradient in the scores known in closed form.
    scores, rewards = rng.normal(size=4), rng.normal(size=4)
    log_prob = lf.log_softmax(scores)
    p = np.exp(log_prob)
    _, slope = lf.PolicyGradient().value_and_grad(log_prob, rewards, sample_weight=p, reduction="sum")
    in_scores = slope - p * slope.sum()
    np.testing.assert_allclose(in_scores, -p * (rewards - p @ rewards), rtol=1e-12)


def test_impossible_action_without_advantage_costs_nothing():
    value, slope = lf.PolicyGradient().value_and_grad([-np.inf, -1.0], [0.0, 1.0], reduction="none")
    assert value.tolist() == [0.0, 1.0]
    assert slope.tolist() == [0.0, -1.0]


def test_clipped_surrogate_is_the_smaller_of_two(rng):
    new, old, advantage = rng.normal(-1, 1, (3, 500))
    ratio = np.exp(new - old)
    expected = -np.minimum(ratio * advantage, np.clip(ratio, 0.8, 1.2) * advantage)
    value, (slope, of_old) = lf.PPOClip().value_and_grad((new, old), advantage, reduction="none")
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    free = np.where(advantage > 0, ratio < 1.2, ratio > 0.8)
    np.testing.assert_allclose(slope, np.where(free, -ratio * advantage, 0.0), rtol=1e-12)
    np.testing.assert_array_equal(of_old, -slope)


@pytest.mark.parametrize(("advantage", "expected"), [(1.0, -1.2), (0.0, 0.0), (-1.0, np.inf)])
def test_ratio_beyond_all_bounds_is_clipped_where_it_may_be(advantage, expected):
    assert lf.PPOClip()(([1000.0], [-1000.0]), [advantage]) == pytest.approx(expected)


def test_temporal_differences_learn_the_random_walk(rng):
    # Sutton's walk: five states between an end worth 0 and one worth 1; the values are 1/6 … 5/6.
    values, state, average = np.zeros(7), np.full(400, 3), []
    for step in range(400):
        after = state + rng.choice([-1, 1], 400)
        guess = values[state], values[after]
        _, (slope, _) = lf.TemporalDifference(discount=1.0).value_and_grad(guess, np.where(after == 6, 1.0, 0.0))
        np.subtract.at(values, state, slope)
        state = np.where((after == 0) | (after == 6), 3, after)
        average += [values.copy()] * (step >= 200)
    np.testing.assert_allclose(np.mean(average, axis=0)[1:6], np.arange(1, 6) / 6, atol=0.02)
