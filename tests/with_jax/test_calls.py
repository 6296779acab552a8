"""JAX arrays: the answers NumPy arrays get, to traced calls too."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import (
    ArgumentError,
    DerivativeError,
    DomainError,
    DTypeError,
    OptionError,
    ShapeError,
    TargetError,
    WeightError,
)
from peers import peer
from semantics.samples import each, joined, parts
from with_jax.drawn import LOSSES, ONE, SMOOTH, K, N, arrays

pytestmark = pytest.mark.peer
jax = peer("jax")
jnp = jax.numpy
WEIGHT = np.array([0.0, 1.0, 2.0, 0.5, 1.0])


@pytest.fixture(autouse=True)
def in_float64():
    with jax.enable_x64(True):
        yield


def close(ours, expected, rtol=1e-12):
    for a, b in zip(parts(ours), parts(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-14)


def given(loss, rng, dtype=np.float64):
    """The same arguments twice: JAX's and NumPy's."""
    prediction, target = arrays(loss, rng, dtype)
    return (each(jnp.asarray, prediction), jnp.asarray(target)), (prediction, target)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_values_and_slopes_are_those_of_arrays(loss, rng):
    ours, plain = given(loss, rng)
    answer = type(loss).value_and_grad if loss.differentiable else lambda *args, **given: (loss(*args[1:], **given),)
    found = answer(loss, *ours, sample_weight=jnp.asarray(WEIGHT))
    assert isinstance(found[0], jax.Array)
    for got, expected in zip(found, answer(loss, *plain, sample_weight=WEIGHT), strict=True):
        close(got, expected)


@pytest.mark.parametrize("loss", ONE, ids=repr)
def test_transforms_have_our_slopes(loss, rng):
    (prediction, target), plain = given(loss, rng)
    value, slope = loss.value_and_grad(*plain)
    got = jax.jit(jax.value_and_grad(loss))(prediction, target)
    close(got[0], value)
    close(got[1], slope)
    _, summed = loss.value_and_grad(*plain, reduction="sum")
    rows = jax.vmap(jax.grad(lambda p, t: loss(p, t, reduction="sum")))(prediction, target)
    close(rows, summed)


@pytest.mark.parametrize("loss", ONE, ids=repr)
def test_second_derivatives_are_ours(loss, rng):
    (prediction, target), plain = given(loss, rng)
    gradient, bent = loss.grad_and_hess(*plain, sample_weight=WEIGHT)
    ours = loss.grad_and_hess(prediction, target, sample_weight=jnp.asarray(WEIGHT))
    close(ours[0], gradient)
    close(ours[1], bent, rtol=1e-9)


@pytest.mark.parametrize("loss", [lf.Huber(), lf.GaussianNLL(), lf.CrossEntropy(), lf.KLFromLogits()], ids=repr)
def test_hessians_of_jax_have_our_diagonal(loss, rng):
    (prediction, target), plain = given(loss, rng)
    first, *others = parts(prediction)
    full = jax.hessian(lambda p: loss(joined([p, *others]), target, reduction="sum"))(first)
    diagonal = np.asarray(full).reshape(first.size, -1).diagonal().reshape(first.shape)
    close(diagonal, parts(loss.grad_and_hess(*plain)[1])[0], rtol=1e-9)


@pytest.mark.parametrize("loss", [loss for loss in ONE if "target" in loss.inputs], ids=repr)
def test_targets_have_slopes_too(loss, rng):
    ours, plain = given(loss, rng)
    expected = loss.value_and_grad(*plain, wrt="target")[1]
    close(loss.value_and_grad(*ours, wrt="target")[1], expected, rtol=1e-11)
    close(jax.grad(loss, argnums=1)(*ours), expected, rtol=1e-11)


@pytest.mark.parametrize("loss", [loss for loss in SMOOTH if len(loss.predictions) > 1], ids=repr)
def test_matrices_are_those_of_arrays(loss, rng):
    ours, plain = given(loss, rng)
    close(loss.hessian_matrix(*ours), loss.hessian_matrix(*plain), rtol=1e-10)


@pytest.mark.parametrize("loss", [lf.Huber(), lf.CrossEntropy(class_weight=[1.0, 2.0, 3.0]), lf.KLFromLogits()])
def test_sums_add_up_inside_and_outside_of_jit(loss, rng):
    (prediction, target), plain = given(loss, rng)
    whole = loss.accumulate(*plain)
    halves = [loss.accumulate(prediction[part], target[part]) for part in (slice(2), slice(2, None))]
    joint = sum(halves)
    close(np.array([joint.total, joint.denominator, joint.count]), [whole.total, whole.denominator, whole.count])
    close(jax.jit(lambda p, t: loss.accumulate(p, t).mean())(prediction, target), whole.mean())


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("loss", [lf.CrossEntropy(ignore_index=1), lf.KLFromLogits()], ids=repr)
def test_the_class_axis_may_be_any(loss, axis, rng):
    ours, plain = given(loss, rng)
    moved = jnp.moveaxis(ours[0], -1, axis), ours[1] if isinstance(loss, lf.Row) else jnp.moveaxis(ours[1], -1, axis)
    value, slope = loss.value_and_grad(*moved, axis=axis)
    expected, straight = loss.value_and_grad(*plain)
    close(value, expected)
    close(jnp.moveaxis(slope, axis, -1), straight)
    close(jnp.moveaxis(loss.grad_and_hess(*moved, axis=axis)[1], axis, -1), loss.grad_and_hess(*plain)[1], rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("loss", [lf.Huber(), lf.CrossEntropy(), lf.KLFromLogits()], ids=repr)
def test_dtypes_are_kept(loss, dtype, rng):
    (prediction, target), _ = given(loss, rng)
    prediction, target = (a.astype(dtype) if jnp.issubdtype(a.dtype, jnp.floating) else a for a in (prediction, target))
    value, slope = loss.value_and_grad(prediction, target)
    assert (value.dtype, slope.dtype) == (dtype, dtype)
    tolerance = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 2e-6, "float64": 1e-12}[dtype]
    wide = (np.asarray(prediction, np.float64), np.asarray(target, np.int64 if loss == lf.CrossEntropy() else None))
    np.testing.assert_allclose(np.asarray(slope, np.float64), loss.value_and_grad(*wide)[1], atol=tolerance)


def test_half_precision_sums_do_not_overflow():
    far = jnp.full(1000, 200.0, jnp.float16)
    assert lf.SquaredError()(far, jnp.zeros_like(far)) == np.float16(40000.0)


def test_what_a_zero_weight_hides_leaks_nowhere():
    prediction, target = jnp.array([jnp.nan, 1.0]), jnp.array([0.0, 0.0])
    value, slope = lf.LogCosh().value_and_grad(prediction, target, sample_weight=jnp.array([0.0, 1.0]))
    close(value, np.log(np.cosh(1.0)))
    close(slope, [0.0, np.tanh(1.0)])
    rows, labels = jnp.array([[jnp.nan, 0.0], [0.0, 0.0]]), jnp.array([-100, 1])
    close(lf.CrossEntropy(ignore_index=-100).value_and_grad(rows, labels)[1], [[0.0, 0.0], [0.5, -0.5]])


def test_masked_classes_have_no_slope():
    rows, labels = jnp.array([[-jnp.inf, 0.0, 0.0]]), jnp.array([1])
    for loss in (lf.CrossEntropy(), lf.CrossEntropy(label_smoothing=0.1), lf.Focal()):
        value, slope = loss.value_and_grad(rows, labels)
        expected = loss.value_and_grad(np.asarray(rows), np.asarray(labels))
        close(value, expected[0])
        close(slope, expected[1])


@pytest.mark.parametrize("empty", ["zero", "nan"])
def test_a_mean_of_nothing(empty):
    value, slope = lf.Huber().value_and_grad(jnp.ones(2), jnp.zeros(2), sample_weight=jnp.zeros(2), empty=empty)
    np.testing.assert_array_equal(value, 0.0 if empty == "zero" else np.nan)
    np.testing.assert_array_equal(slope, [0.0, 0.0])


TWO = np.ones(2)
WRONG = {
    "shapes": (ShapeError, "target: expected shape", lambda: lf.Huber()(jnp.ones(2), jnp.ones((2, 1)))),
    "class axis": (ShapeError, "prediction: expected an axis", lambda: lf.CrossEntropy()(jnp.array(1.0), jnp.array(0))),
    "mixed": (DTypeError, "target: expected a JAX array.*asarray", lambda: lf.Huber()(jnp.ones(2), TWO)),
    "complex": (DTypeError, "prediction: expected real", lambda: lf.Huber()(jnp.ones(2) * 1j, jnp.ones(2))),
    "label": (TargetError, r"got 9 at row 0", lambda: lf.CrossEntropy()(jnp.ones((1, 2)), jnp.array([9]))),
    "float label": (TargetError, "integer labels", lambda: lf.CrossEntropy()(jnp.ones((1, 2)), jnp.array([1.0]))),
    "domain": (DomainError, "got 1.5", lambda: lf.BinaryCrossEntropy()(jnp.array([1.5]), jnp.array([1.0]))),
    "slope out of domain": (
        DomainError,
        "got 1.5",
        lambda: lf.BinaryCrossEntropy().grad_and_hess(jnp.array([1.5]), jnp.array([1.0])),
    ),
    "weight": (
        WeightError,
        "got -1.0 at position 1",
        lambda: lf.Huber()(jnp.ones(2), jnp.ones(2), sample_weight=jnp.array([1.0, -1.0])),
    ),
    "out": (OptionError, "out: expected None", lambda: lf.Huber().value_and_grad(jnp.ones(2), jnp.ones(2), out=TWO)),
    "empty": (OptionError, "empty: expected", lambda: lf.Huber()(jnp.ones(2), jnp.ones(2), empty="x")),
    "nothing": (ArgumentError, "at least one row", lambda: lf.Huber()(jnp.ones(0), jnp.ones(0), empty="error")),
    "wrt": (
        OptionError,
        "labels have no slope",
        lambda: lf.CrossEntropy().value_and_grad(jnp.ones((1, 2)), jnp.array([0]), wrt="target"),
    ),
    "value only": (DerivativeError, "ZeroOne", lambda: lf.ZeroOne().value_and_grad(jnp.ones(2), jnp.ones(2))),
    "value only, traced": (DerivativeError, "ZeroOne", lambda: jax.grad(lf.ZeroOne())(jnp.ones(2), jnp.ones(2))),
    "matrix": (DerivativeError, "couples", lambda: lf.CrossEntropy().hessian_matrix(jnp.ones((1, 2)), jnp.array([0]))),
    "several": (ShapeError, "a tuple", lambda: lf.GaussianNLL()(jnp.ones(2), jnp.ones(2))),
}


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_are_named(case):
    kind, message, call = WRONG[case]
    with pytest.raises(kind, match=message):
        call()


def test_what_a_zero_weight_hides_may_break_a_rule():
    given = jnp.array([0.5, 1.5]), jnp.ones(2)
    value, slope = lf.BinaryCrossEntropy().value_and_grad(*given, sample_weight=jnp.array([1.0, 0.0]))
    close(value, np.log(2.0))
    close(slope, [-2.0, 0.0])


def test_traced_values_that_break_a_rule_are_nan():
    labels = jnp.array([0, 9, 2**40 + 1])
    terms = jax.jit(lambda x, y: lf.CrossEntropy()(x, y, reduction="none"))(jnp.zeros((3, 2)), labels)
    np.testing.assert_array_equal(np.isnan(terms), [False, True, True])
    odd = jax.jit(lambda p: lf.BinaryCrossEntropy()(p, jnp.ones(2), reduction="none"))(jnp.array([0.5, 1.5]))
    np.testing.assert_array_equal(np.isnan(odd), [False, True])
    slope = jax.grad(lambda p: lf.BinaryCrossEntropy()(p, jnp.ones(2), reduction="sum"))(jnp.array([0.5, 1.5]))
    np.testing.assert_array_equal(np.isnan(slope), [False, True])


def test_hidden_slopes_are_those_of_differences(rng):
    loss, step = lf.Focal(gamma=1.5), 1e-6
    logits, labels = jnp.asarray(rng.normal(0, 1, (N, K))), jnp.asarray(rng.integers(0, K, N))
    direction = jnp.asarray(rng.normal(0, 1, (N, K)))
    slope = jax.jvp(lambda x: loss(x, labels), (logits,), (direction,))[1]
    ahead, behind = (loss(logits + s * direction, labels) for s in (step, -step))
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-7)


def test_a_traced_hyperparameter_is_sent_to_learned():
    with pytest.raises(OptionError, match=r'Try: lossfn.learned\(Huber\(\), "delta"\)'):
        jax.grad(lambda delta: lf.Huber(delta=delta)(jnp.ones(3), jnp.zeros(3)))(1.0)
