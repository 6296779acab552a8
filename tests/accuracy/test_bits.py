"""Every loss: the same bits whatever the threads, the chunks, the layout, the alignment and the rest of the batch."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.dispatch import using
from lossfn.core.kinds import Pointwise
from lossfn.engines.native import drive, elements
from semantics.samples import LOSSES, each, name, parts, sample

ENGINES = ("native", "reference")
MANY, CLASSES = 150_000, 5  # above what is worth a thread, and no multiple of a block
SIZED = [(loss, k) for loss in LOSSES for k in ((1,) if isinstance(loss, Pointwise) else (2, 5, 70, 300))]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=name)
every_engine = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture
def threads():
    before = lf.get_num_threads()
    yield lf.set_num_threads
    lf.set_num_threads(before)


def bits(loss, prediction, target, **options):
    """The bytes of sum, terms, slopes and curvatures."""
    found = [loss(prediction, target, reduction="sum", **options)]
    found += [loss(prediction, target, reduction="none", **options)]
    if loss.differentiable:
        found += parts(loss.value_and_grad(prediction, target, reduction="none", **options)[1])
        found += [array for group in loss.grad_and_hess(prediction, target, **options) for array in parts(group)]
    return [np.ascontiguousarray(array).tobytes() for array in found]


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_and_chunks_do_not_show(rng, threads, monkeypatch, loss, dtype):
    shape = (MANY,) if isinstance(loss, Pointwise) else (MANY // CLASSES + 1_000,)
    prediction, target = sample(loss, rng, shape, dtype, CLASSES)
    weight = rng.uniform(0, 2, shape)
    threads(1)
    alone = bits(loss, prediction, target, sample_weight=weight)
    for count in (2, 3, 4):
        threads(count)
        assert bits(loss, prediction, target, sample_weight=weight) == alone
    strided = each(lambda x: np.repeat(x, 2, axis=0)[::2], prediction)
    for chunk in (1, 3):
        monkeypatch.setattr(elements, "CHUNK", chunk * elements.BLOCK)
        monkeypatch.setattr(drive, "CHUNK", chunk << 13)
        assert bits(loss, strided, target, sample_weight=weight) == alone


def spread(x):
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def unaligned(x):
    raw = np.empty(x.nbytes + 1, np.uint8)[1:].view(x.dtype).reshape(x.shape)
    raw[...] = x
    return raw


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "strided": spread,
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1] if x.ndim > 1 else x[::-1].copy()[::-1],
    "unaligned": unaligned,
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
}


@every_loss
@every_engine
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_and_alignment_do_not_show(rng, loss, engine, layout):
    change, shape = LAYOUTS[layout], (97, 13) if isinstance(loss, Pointwise) else (97,)
    for dtype in (np.float32, np.float64, np.float16):
        prediction, target = sample(loss, rng, shape, dtype, 13)
        with using(engine):
            plain = bits(loss, prediction, target)
            assert bits(loss, each(change, prediction), target) == plain
            assert bits(loss, prediction, change(target)) == plain


@every_engine
@pytest.mark.parametrize(("loss", "classes"), SIZED, ids=str)
def test_a_term_does_not_depend_on_its_batch(rng, loss, engine, classes):
    prediction, target = sample(loss, rng, (77,), np.float32, classes)
    with using(engine):
        whole = terms(loss, prediction, target)
        for at in (slice(0, 1), slice(15, 18), slice(31, 77), slice(76, 77), np.arange(76, 0, -5)):
            part = terms(loss, each(lambda x, at=at: x[at], prediction), target[at])
            for found, among in zip(part, whole, strict=True):
                np.testing.assert_array_equal(found, among[at])


def terms(loss, prediction, target):
    if not loss.differentiable:
        return [loss(prediction, target, reduction="none")]
    values, gradient = loss.value_and_grad(prediction, target, reduction="none")
    return [values, *parts(gradient), *parts(loss.grad_and_hess(prediction, target)[1])]
