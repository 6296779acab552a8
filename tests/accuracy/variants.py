"""Every registered loss under several hyperparameters: the defaults, then each option varied by its domain."""

from __future__ import annotations

from dataclasses import fields
from math import inf

import lossfn.losses  # noqa: F401  # fills the registry
from lossfn.core.registry import REGISTRY, snake_case

NUMBERS = (0.0, 0.37, 4.0)
SPECIAL = {
    "barron": [{"alpha": a} for a in (-inf, -2.0, -1e-12, 1e-12, 2.0, 2 + 1e-12, 2 - 1e-12, 1.9995, inf)]
    + [{"alpha": a, "scale": 0.03} for a in (0.5, 2 - 1e-12)],
    "binary_cross_entropy_with_logits": [{"pos_weight": 3.7}],
    "binary_focal": [{"gamma": 1.0}, {"gamma": 3.0}, {"gamma": 0.5, "alpha": 0.25}, {"gamma": 2.75}],
    "tweedie": [{"power": 1.0}, {"power": 1.01}, {"power": 1.99}, {"power": 2.0}],
}


def variants(kind):
    """Return the registered losses of a kind, under every option."""
    losses = [REGISTRY[name]() for name in sorted(REGISTRY) if issubclass(REGISTRY[name], kind)]
    return [other for loss in losses for other in dict.fromkeys([loss, *others(type(loss))])]


def others(cls):
    changes = list(SPECIAL.get(snake_case(cls.__name__), []))
    for spec in fields(cls):
        changes += [{spec.name: v} for v in options(spec)]
    return [cls(**change) for change in changes]


def options(spec):
    if spec.name == "reduction":
        return ()
    if spec.metadata.get("choices"):
        return spec.metadata["choices"]
    domain = spec.metadata.get("domain")
    return [v for v in NUMBERS if domain is not None and not spec.metadata.get("array") and v in domain]
