"""Run by test_sharded.py in a process of its own: classes on four devices, rows on none or on two."""

import re
import sys

import numpy as np
import pytest

import lossfn as lf
from peers import peer

pytestmark = pytest.mark.peer
jax = peer("jax")
jnp = jax.numpy
P, AxisType = jax.P, jax.sharding.AxisType
ClassParallel = peer("lossfn.jax").ClassParallel

ROWS, CLASSES = 6, 12


class Bounded(lf.Row, register=False):
    """A loss of one's own."""

    def formula(self, m, row):
        return -m.expm1(row.log_prob) + 0.1 * row.mean_log_prob**2


LOSSES = [
    lf.CrossEntropy(),
    lf.CrossEntropy(label_smoothing=0.2, class_weight=np.arange(1.0, 1.0 + CLASSES), ignore_index=-100),
    lf.CrossEntropy() + lf.ZLoss(),
    lf.Focal(gamma=1.5, alpha=np.linspace(0.1, 1.0, CLASSES)),
    lf.GeneralizedCrossEntropy(),
    Bounded(),
]


def arguments(rng):
    """Rows far apart, one with masked classes on all of a device, two with the largest logit twice."""
    logits = rng.normal(0, 3, (ROWS, CLASSES))
    logits[1] += 500.0
    logits[2, 3:7] = -np.inf
    logits[3, [0, 11]] = 20.0
    logits[4, 5] = 60.0
    labels = np.array([2, 11, 0, 0, 5, 7])
    return logits, labels, rng.uniform(0.5, 2, ROWS)


def main():
    """Compare value and gradient with those of one device, and the devices with each other."""
    jax.config.update("jax_enable_x64", True)
    mesh = jax.make_mesh((4,), ("classes",), axis_types=(AxisType.Auto,))
    logits, labels, weight = arguments(np.random.default_rng(0))
    for loss in LOSSES:
        ignoring = getattr(loss, "ignore_index", None) is not None
        aims = np.where(labels == 7, -100, labels) if ignoring else labels
        compare(loss, mesh, logits, aims, weight)
        sys.stdout.write(f"{loss}\n")


def compare(loss, mesh, logits, labels, weight):
    """Check values, gradients, the bits on each device, and the collectives."""
    local = ClassParallel(loss, "classes")
    for reduction in ("mean", "none"):

        def spread(x, y, w, reduction=reduction):
            return local(x, y, sample_weight=w, reduction=reduction)

        whole = jax.shard_map(spread, mesh=mesh, in_specs=(P(None, "classes"), P(), P()), out_specs=P())
        slope = jax.jit(jax.grad(lambda x, f=whole: f(x, labels, weight).sum()))
        value, gradient = loss.value_and_grad(logits, labels, sample_weight=weight, reduction=reduction)
        given = jnp.asarray(logits), jnp.asarray(labels), jnp.asarray(weight)
        np.testing.assert_allclose(jax.jit(whole)(*given), value, rtol=1e-13)
        np.testing.assert_allclose(slope(given[0]), gradient, rtol=1e-11, atol=1e-15)
    each = jax.shard_map(
        lambda x, y: local(x, y).reshape(1), mesh=mesh, in_specs=(P(None, "classes"), P()), out_specs=P("classes"),
        check_vma=False,
    )  # fmt: skip
    copies = np.asarray(jax.jit(each)(*map(jnp.asarray, (logits, labels))))
    np.testing.assert_array_equal(copies, copies[0])
    text = slope.lower(jnp.asarray(logits)).compile().as_text()
    collectives = re.findall(r" = \S+ (all-reduce|all-gather|all-to-all|collective-permute|reduce-scatter)\(", text)
    if collectives != ["all-reduce"]:
        raise AssertionError(f"{loss}: {collectives}")


if __name__ == "__main__":
    main()
