"""Run by test_sharded.py in a process of its own, whose processor is four devices to JAX."""

import sys

import numpy as np
import pytest

import lossfn as lf
from peers import peer

pytestmark = pytest.mark.peer
jax = peer("jax")
jnp = jax.numpy
P, AxisType, NamedSharding = jax.P, jax.sharding.AxisType, jax.NamedSharding

LOSSES = [
    lf.Huber(),
    lf.CrossEntropy(label_smoothing=0.1, class_weight=np.arange(1.0, 13.0), ignore_index=3),
    lf.Focal(),
    lf.KLFromLogits(),
]
ROWS, CLASSES = 8, 12


def arguments(loss, rng):
    """Prediction, target and weights in float64."""
    logits = rng.normal(0, 3, (ROWS, CLASSES))
    labels = rng.integers(0, CLASSES, ROWS)
    target = labels if isinstance(loss, lf.Row) else rng.dirichlet(np.ones(CLASSES), ROWS)
    return tuple(map(jnp.asarray, (logits, target, rng.uniform(0, 2, ROWS))))


def spread_by_jit(loss, mesh, spec, given):
    """Value and gradient of arrays that lie on all devices, as the compiler divides the work."""
    logits, target, weight = given
    spread = NamedSharding(mesh, spec)
    placed = jax.device_put(logits, spread), target if target.ndim == 1 else jax.device_put(target, spread)
    return jax.jit(jax.value_and_grad(lambda x, y: loss(x, y, sample_weight=weight)))(*placed)


def added_over_devices(loss, mesh, given):
    """The mean over all devices' rows, from sums that each device takes of its own."""

    def mean(logits, target, weight):
        return jax.lax.psum(loss.accumulate(logits, target, sample_weight=weight), "rows").mean()

    rows = P("rows")
    return jax.jit(jax.value_and_grad(jax.shard_map(mean, mesh=mesh, in_specs=(rows, rows, rows), out_specs=P())))(
        *given
    )


def main():
    """Compare every way with the one-device result."""
    jax.config.update("jax_enable_x64", True)
    if len(jax.devices()) != 4:
        sys.exit("four devices were asked for")
    mesh = jax.make_mesh((4,), ("rows",), axis_types=(AxisType.Auto,))
    for loss in LOSSES:
        given = arguments(loss, np.random.default_rng(0))
        expected = loss.value_and_grad(*map(np.asarray, given[:2]), sample_weight=np.asarray(given[2]))
        results = [spread_by_jit(loss, mesh, spec, given) for spec in (P("rows"), P(None, "rows"))]
        for found in (*results, added_over_devices(loss, mesh, given)):
            for got, known in zip(found, expected, strict=True):
                np.testing.assert_allclose(got, known, rtol=1e-12, atol=1e-15)
        sys.stdout.write(f"{loss}\n")


if __name__ == "__main__":
    main()
