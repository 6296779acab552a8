"""JAX operations keep the limits of a framework's operations where no number is subnormal: XLA makes those 0."""

import numpy as np
import pytest

import lossfn as lf
from accuracy.operations import ROUNDED, check
from peers import peer
from semantics.samples import each, joined, parts

pytestmark = pytest.mark.peer
jax = peer("jax")
jnp = jax.numpy
# XLA's log1p next to -1 in float64, and its tanh and log1p in float32.
EXCEPTIONS = ROUNDED | {"binary_cross_entropy": 128.0, "log_cosh": 8.0}


@pytest.mark.parametrize("form", ["float32", "float64"])
@pytest.mark.parametrize("name", lf.list_losses())
def test_operations_keep_their_promise(name, form):
    loss = lf.get(name)
    with jax.enable_x64(True):
        check(name, loss, form, lambda *data: answers(loss, *data), EXCEPTIONS, subnormal=False)


def answers(loss, prediction, target):
    """Terms and slopes as arrays."""
    given, truth = each(jnp.asarray, prediction), jnp.asarray(target)

    def terms(given):
        return loss(given, truth, reduction="none", check=False)

    if not loss.differentiable:
        return (np.asarray(terms(given)),)
    slopes = jax.grad(lambda given: terms(given).sum())(given)
    return np.asarray(terms(given)), joined([np.asarray(p) for p in parts(slopes)])
