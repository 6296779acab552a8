"""optax and JAX in float64: value, gradient and curvature."""

import numpy as np
import pytest

import lossfn as lf
from peers import peer

pytestmark = pytest.mark.peer
jax, optax = peer("jax"), peer("optax")
CLOSE = {"rtol": 1e-12, "atol": 1e-14}
N, K = 40, 5


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


# Our loss, their unreduced function of (prediction, target), and the kind of target.
POINTWISE = [
    (lf.SquaredError(), optax.losses.squared_error, "real"),
    (lf.HalfSquaredError(), optax.losses.l2_loss, "real"),
    (lf.Huber(delta=0.7), lambda p, t: optax.losses.huber_loss(p, t, delta=0.7), "real"),
    (lf.LogCosh(), optax.losses.log_cosh, "real"),
    (lf.BinaryCrossEntropyWithLogits(), optax.losses.sigmoid_binary_cross_entropy, "unit"),
    (lf.BinaryFocal(gamma=2.0), lambda p, t: optax.losses.sigmoid_focal_loss(p, t, gamma=2.0), "label"),
    (lf.BinaryFocal(alpha=0.25), lambda p, t: optax.losses.sigmoid_focal_loss(p, t, alpha=0.25), "label"),
    (lf.Hinge(labels="pm1"), optax.losses.hinge_loss, "sign"),
]
OVER_CLASSES = [
    (lf.CrossEntropy(), optax.losses.softmax_cross_entropy_with_integer_labels, "index"),
    (lf.CrossEntropy(), optax.losses.softmax_cross_entropy, "probability"),
    (lf.CrossEntropy(), optax.losses.safe_softmax_cross_entropy, "probability"),
    (lf.KLFromLogits(), lambda x, t: optax.losses.kl_divergence(jax.nn.log_softmax(x), t), "probability"),
    (
        lf.PolyCrossEntropy(epsilon=2.0),
        lambda x, y: optax.losses.poly_loss_cross_entropy(x, jax.nn.one_hot(y, K, dtype=x.dtype), epsilon=2.0),
        "index",
    ),
    (
        lf.CrossEntropy(label_smoothing=0.1),
        lambda x, y: optax.losses.softmax_cross_entropy(
            x, optax.losses.smooth_labels(jax.nn.one_hot(y, K, dtype=x.dtype), 0.1)
        ),
        "index",
    ),
]


def drawn(kind, rng):
    """Predictions and targets of a kind."""
    if kind in ("index", "probability"):
        target = rng.integers(0, K, N) if kind == "index" else rng.dirichlet(np.ones(K), N)
        return rng.normal(0, 3, (N, K)), target
    target = {
        "real": rng.normal(0, 3, N),
        "unit": rng.uniform(0, 1, N),
        "label": rng.choice([0.0, 1.0], N),
        "sign": rng.choice([-1.0, 1.0], N),
    }[kind]
    return rng.normal(0, 3, N), target


def ids(rows):
    return [f"{row[0]!r}-{row[2]}" for row in rows]


@pytest.mark.parametrize(("loss", "function", "kind"), POINTWISE + OVER_CLASSES, ids=ids(POINTWISE + OVER_CLASSES))
def test_value_and_gradient(loss, function, kind, rng):
    prediction, target = drawn(kind, rng)
    found = jax.jit(lambda p, t: (function(p, t), jax.grad(lambda q: function(q, t).mean())(p)))(prediction, target)
    value, gradient = loss.value_and_grad(prediction, target)
    np.testing.assert_allclose(loss(prediction, target, reduction="none"), found[0], **CLOSE)
    np.testing.assert_allclose(value, np.mean(found[0]), **CLOSE)
    np.testing.assert_allclose(gradient, found[1], **CLOSE)


@pytest.mark.parametrize(("loss", "function", "kind"), POINTWISE, ids=ids(POINTWISE))
def test_curvature(loss, function, kind, rng):
    prediction, target = drawn(kind, rng)
    bent = jax.jit(jax.vmap(jax.grad(jax.grad(function))))(prediction, target)
    np.testing.assert_allclose(loss.grad_and_hess(prediction, target)[1], bent, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("loss", "function", "kind"), OVER_CLASSES[::3], ids=ids(OVER_CLASSES[::3]))
def test_curvature_over_classes(loss, function, kind, rng):
    logits, target = drawn(kind, rng)
    bent = jax.jit(jax.vmap(jax.hessian(lambda x, t: function(x[None], t[None])[0])))(logits, target)
    diagonal = np.diagonal(bent, axis1=1, axis2=2)
    np.testing.assert_allclose(loss.grad_and_hess(logits, target)[1], diagonal, rtol=1e-11, atol=1e-13)


def test_kl_divergence(rng):
    logits, target = drawn("probability", rng)
    logs = lf.log_softmax(logits)
    terms = lf.KLDivergence()(logs, target, reduction="none")
    np.testing.assert_allclose(terms, optax.losses.kl_divergence(logs, target), **CLOSE)
    terms = lf.KLDivergence(log_target=True)(logs, np.log(target), reduction="none")
    np.testing.assert_allclose(terms, optax.losses.kl_divergence_with_log_targets(logs, np.log(target)), **CLOSE)


@pytest.mark.parametrize(
    ("ours", "function"),
    [
        (lf.softmax, jax.nn.softmax),
        (lf.log_softmax, jax.nn.log_softmax),
        (lf.logsumexp, lambda x: jax.nn.logsumexp(x, axis=-1)),
        (lf.sigmoid, jax.nn.sigmoid),
        (lf.log_sigmoid, jax.nn.log_sigmoid),
        (lf.softplus, jax.nn.softplus),
        (lambda x: lf.one_hot(abs(x).astype(int), 40), lambda x: jax.nn.one_hot(abs(x).astype(int), 40)),
    ],
)
def test_functions(ours, function, rng):
    x = rng.normal(0, 5, (N, K))
    np.testing.assert_allclose(ours(x), function(x), rtol=1e-13, atol=1e-15)


def test_a_label_of_zero_is_no_sign():
    assert optax.losses.hinge_loss(0.3, 0.0) == 1.0
    assert lf.Hinge()([0.3], [0]) == 1.3
