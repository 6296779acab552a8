"""Memory is given again when nobody can see it, and only then."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import lossfn as lf
from lossfn import boosting
from lossfn.boosting.room import SMALL, Room

MANY = SMALL  # elements, several bytes each


def place(array):
    return array.__array_interface__["data"][0]


def test_what_nobody_holds_is_given_again():
    room = Room()
    first = {place(a) for a in room.arrays(2, (MANY,), np.float32)}
    assert len(first) == 2
    assert {place(a) for a in room.arrays(2, (MANY,), np.float32)} == first
    assert {place(a) for a in room.arrays(2, (MANY // 4, 4), np.int32)} == first


VIEWS = [
    lambda a: a,
    lambda a: a[3:9],
    lambda a: a[3:9].reshape(2, 3).T[1],
    memoryview,
    lambda a: np.asarray(memoryview(a)),
    lambda a: np.lib.stride_tricks.as_strided(a, (2, 2), (0, 8)),
    lambda a: a.view(np.uint8),
    iter,
    lambda a: a.flat,
]


@pytest.mark.parametrize("view", VIEWS)
def test_what_somebody_sees_is_not(view):
    room = Room()
    held = view(room.arrays(1, (MANY,), np.float64)[0])
    seen = {place(a) for a in room.arrays(3, (MANY,), np.float64)}
    del held
    assert len(seen) == 3
    assert len({place(a) for a in room.arrays(4, (MANY,), np.float64)} - seen) == 1


def test_other_sizes_and_what_is_left_over_are_let_go():
    room = Room()
    room.arrays(4, (MANY,), np.float64)
    one = room.arrays(1, (MANY,), np.float64)
    assert len(room.given) == 1
    room.arrays(1, (2 * MANY,), np.float64)
    assert len(room.given) == 2
    assert one[0].flags.writeable


def test_small_arrays_are_plain():
    (array,) = Room().arrays(1, (3, 2), np.float32)
    assert array.flags.owndata
    assert array.shape == (3, 2)


@pytest.mark.parametrize("make", [boosting.xgboost, boosting.lightgbm])
@pytest.mark.parametrize("loss", [lf.Poisson(), lf.GaussianNLL()], ids=repr)
def test_results_that_are_kept_stay(make, loss):
    rng, objective = np.random.default_rng(0), make(loss)
    shape = (MANY, 2) if len(loss.predictions) > 1 else (MANY,)
    scores, target = rng.normal(size=(4, *shape)), rng.random(MANY)
    kept = [objective(target, score) for score in scores]
    for score, pair in zip(scores, kept, strict=True):
        for a, b in zip(pair, make(loss)(target, score), strict=True):
            np.testing.assert_array_equal(a, b)


def test_threads_do_not_share():
    objective, rng = boosting.xgboost(lf.Poisson()), np.random.default_rng(0)
    scores, target = rng.normal(size=(16, MANY)), rng.random(MANY)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(4):
            found = list(pool.map(lambda score: objective(target, score)[0].copy(), scores))
            for score, gradient in zip(scores, found, strict=True):
                np.testing.assert_array_equal(gradient, boosting.xgboost(lf.Poisson())(target, score)[0])


def test_copies_have_room_of_their_own():
    objective, scores = boosting.xgboost(lf.Poisson()), np.zeros(MANY)
    held = objective(scores, scores)
    for other in (copy.deepcopy(objective), pickle.loads(pickle.dumps(objective))):
        assert not {place(a) for a in held} & {place(a) for a in other(scores, scores)}
