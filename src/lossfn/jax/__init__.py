"""Losses for JAX: any `lossfn` loss takes JAX arrays, under `jit`, `grad`, `vmap`, `hessian` and sharding."""

from lossfn.jax.parallel import ClassParallel

__all__ = ["ClassParallel"]
