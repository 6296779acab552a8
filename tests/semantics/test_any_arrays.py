"""Arrays drawn at random: dtype, byte order, shape, strides, weights, labels, pages nobody may write."""

import mmap
import tempfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossfn.core.errors import WeightError
from semantics.samples import LOSSES, OVER_CLASSES, ROWS, answers, joined, parts, sample

FLOATS = st.sampled_from(["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
LABELS = st.sampled_from(
    [f"{order}{kind}" for kind in ("i2", "i4", "i8", "u2", "u4", "u8") for order in "<>"] + ["i1", "u1"]
)


def in_pages(array):
    """A copy in pages mapped for reading only: a write is a fault of the process, not an exception."""
    with tempfile.TemporaryFile() as file:
        file.write(np.ascontiguousarray(array).tobytes() or b"\0")
        file.flush()
        pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    return np.frombuffer(pages, array.dtype, array.size).reshape(array.shape)


@st.composite
def layouts(draw):
    """A way to lay an array out in memory: every axis strided, offset or turned round."""
    steps = draw(st.lists(st.sampled_from([1, 2, 3, -1, -2]), min_size=3, max_size=3))
    order, mapped = draw(st.sampled_from("CF")), draw(st.booleans())

    def lay(array):
        if mapped:
            return in_pages(array)
        taken = tuple(slice(None, None, step) for step in steps[: array.ndim])
        wide = np.zeros([(n * abs(step)) for n, step in zip(array.shape, steps, strict=False)], array.dtype, order)
        room = wide[taken]
        room[...] = array
        return room

    return lay


WEIGHTS = st.sampled_from(["?", "u1", "<i4", ">i8", "<f2", ">f4", "<f8"])


def masked(loss, rng, prediction, target):
    """Classes masked at random, never the label's own; the prediction itself where a loss has no masks."""
    if loss not in ROWS or loss.takes != "logits":
        return prediction
    hidden = rng.random(prediction.shape) < 0.3
    np.put_along_axis(hidden, target[..., None], False, axis=-1)
    return np.where(hidden, prediction.dtype.type(-np.inf), prediction)


def holds(data):
    loss = data.draw(st.sampled_from(LOSSES))
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=2 if loss in OVER_CLASSES else 3)))
    rng, dtype = np.random.default_rng(data.draw(st.integers(0, 99))), np.dtype(data.draw(FLOATS))
    prediction, target = sample(loss, rng, shape, dtype.newbyteorder("="))
    prediction = masked(loss, rng, prediction, target) if data.draw(st.booleans()) else prediction
    weight = rng.integers(0, 4, shape).astype(data.draw(WEIGHTS)) if data.draw(st.booleans()) else None
    plain = answers(loss, prediction, target, sample_weight=None if weight is None else np.float64(weight), check=False)
    arrays = [data.draw(layouts())(weightless(array, weight).astype(dtype)) for array in parts(prediction)]
    truth = target.astype(data.draw(LABELS) if loss in ROWS else dtype)
    truth = data.draw(layouts())(truth)
    given_weight = None if weight is None else data.draw(layouts())(weight)
    copies = [array.copy() for array in (*arrays, truth)]
    got = answers(loss, joined(arrays), truth, sample_weight=given_weight, check=False)
    for one, other in zip(got, plain, strict=True):
        np.testing.assert_array_equal(one, other)
    for array, copy in zip((*arrays, truth), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def weightless(array, weight):
    """NaN where the weight is 0: what is there does not count."""
    if weight is None:
        return array
    counted = np.reshape(weight != 0, weight.shape + (1,) * (array.ndim - weight.ndim))
    return np.where(counted, array, array.dtype.type(np.nan))


def fuzz(examples):
    settings(max_examples=examples, deadline=None)(given(st.data())(holds))()


def test_any_arrays_give_the_bits_of_plain_ones():
    fuzz(300)


@pytest.mark.long
def test_many_arrays_give_the_bits_of_plain_ones():
    fuzz(2_000)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LOSSES), st.sampled_from([-1.0, -1e-300, np.nan, np.inf, -np.inf]), st.integers(0, 5))
def test_any_bad_weight_is_named(loss, bad, place):
    prediction, target = sample(loss, np.random.default_rng(0))
    weight = np.ones(6)
    weight[:place], weight[place] = 0.0, bad
    with pytest.raises(WeightError, match=f"position {place}"):
        loss(prediction, target, sample_weight=weight)
