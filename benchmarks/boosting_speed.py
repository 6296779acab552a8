"""What an objective costs: a small call beside its kernel, a million rows beside NumPy and torch, CatBoost's blocks.

One thread on every side; the clock counts the processor's time. Sides take turns, and a ratio is the median of the
ratios of each round.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import one_thread  # noqa: F401  it sets the environment
import torch
from figure import Figure, at_least, at_most
from report import table as tabulated
from timing import FULL, QUICK, Budget, interleave, median, ratio

import lossfn as lf
from lossfn import boosting
from lossfn.core import shortcut

MANY, FEW = 1_000_000, 1000
Call = Callable[[], Any]


def logistic(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what users write: gradient and hessian of the logistic loss."""
    p = 1.0 / (1.0 + np.exp(-scores))
    return p - labels, p * (1.0 - p)


def poisson(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of counts."""
    mean = np.exp(scores)
    return mean - labels, mean.copy()


def focal(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of the focal loss, gamma 2: with z = ±score, q = 1 - p of the label, L = -log p."""
    sign = 2.0 * labels - 1.0
    p = 1.0 / (1.0 + np.exp(-sign * scores))
    q, log = 1.0 - p, -np.log(p)
    slope = q * (q + 2.0 * p * log)
    return -sign * q * slope, p * q * slope


def by_autograd(value: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Callable[..., tuple[Any, Any]]:
    """Return an objective that differentiates twice, as published ones do."""

    def derivatives(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = torch.from_numpy(scores).requires_grad_()
        (slope,) = torch.autograd.grad(value(x, torch.from_numpy(labels)).sum(), x, create_graph=True)
        (bent,) = torch.autograd.grad(slope.sum(), x)
        return slope.detach().numpy(), bent.numpy()

    return derivatives


def torch_focal(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Return focal losses of logits."""
    loss = torch.nn.functional.binary_cross_entropy_with_logits(x, t, reduction="none")
    return (1.0 - torch.exp(-loss)) ** 2 * loss


LOGITS = torch.nn.functional.binary_cross_entropy_with_logits
WORKS: dict[str, tuple[lf.Loss, Any, Any]] = {
    "logistic": (lf.BinaryCrossEntropyWithLogits(), logistic, lambda x, t: LOGITS(x, t, reduction="none")),
    "Poisson": (lf.Poisson(), poisson, lambda x, t: torch.exp(x) - t * x),
    "focal": (lf.BinaryFocal(gamma=2.0), focal, torch_focal),
}


def many(budget: Budget) -> list[Figure]:
    """A million rows, as XGBoost hands them over and as LightGBM does."""
    engines = boosting.xgboost, boosting.lightgbm
    return [figure for name in WORKS for make in engines for figure in row(name, make, budget)]


def row(name: str, make: Any, budget: Budget) -> list[Figure]:
    """Check that all sides agree, then time them."""
    (loss, plain, value), rng = WORKS[name], np.random.default_rng(0)
    objective, differentiated = make(loss), by_autograd(value)
    dtype = np.float32 if objective.engine == "xgboost" else np.float64
    scores, labels = dtype(2 * rng.standard_normal(MANY)), np.float32(rng.integers(0, 2, MANY))
    there = np.zeros((2, MANY), np.float32)
    sides: dict[str, Call] = {
        "copying": lambda: (np.copyto(there[0], scores), np.copyto(there[1], labels)),
        "lossfn": lambda: objective.derivatives(scores, labels, None),
        "NumPy": lambda: plain(scores, labels),
        "torch": lambda: differentiated(scores, labels),
    }
    expected = sides["lossfn"]()[0]
    for side in ("NumPy", "torch"):
        np.testing.assert_allclose(sides[side]()[0], expected, rtol=1e-4, atol=1e-5)
    times, work = interleave(sides, budget, 1), f"{name}, {MANY} rows, {np.dtype(dtype)}"
    return [
        Figure(work, "copying", 1e3 * median(times, "copying"), "ms"),
        Figure(work, "lossfn", 1e3 * median(times, "lossfn"), "ms"),
        Figure(work, "NumPy", ratio(times, "NumPy", "lossfn"), "×", at_least(5)),
        Figure(work, "torch autograd", ratio(times, "torch", "lossfn"), "×", at_least(10)),
    ]


def small(budget: Budget) -> list[Figure]:
    """A call with a block of CatBoost's, and its kernel alone."""
    rng, found = np.random.default_rng(0), []
    scores, labels = rng.standard_normal(FEW), np.float32(rng.integers(0, 2, FEW))
    buffers, narrow = np.zeros((2, FEW)), np.float32(scores)
    for name, (loss, _, _) in WORKS.items():
        ours = {"XGBoost": boosting.xgboost(loss), "CatBoost": boosting.catboost(loss)}
        calls: dict[str, Call] = {
            "XGBoost": lambda o=ours["XGBoost"]: o(labels, narrow),
            "CatBoost": lambda o=ours["CatBoost"]: o.calc_ders_range(scores, labels, None),
        }
        for engine, given in (("XGBoost", narrow), ("CatBoost", scores)):
            out = buffers.astype(given.dtype)
            kernel = shortcut._pass(ours[engine].raw, given, labels, "sum", -1, 2, True)[0]
            calls[f"kernel of {engine}"] = lambda run=kernel, x=given, o=out: run(FEW, 1.0, x, labels, *o)
        times = interleave(calls, budget, 50)
        for engine in ours:
            own = float(np.median(times[engine] - times[f"kernel of {engine}"]))
            found.append(
                Figure(f"{name}, {FEW} rows", f"{engine}, kernel", 1e6 * median(times, f"kernel of {engine}"), "µs")
            )
            found.append(Figure(f"{name}, {FEW} rows", f"{engine}, the rest", 1e6 * own, "µs", at_most(5)))
    return found


def trainings(budget: Budget) -> list[Figure]:
    """CatBoost, 100,000 rows of ten columns: its own logistic objective, ours, and one in NumPy."""
    import catboost

    rng = np.random.default_rng(0)
    x = rng.standard_normal((100_000, 10), np.float32)
    pool = catboost.Pool(x, rng.random(len(x)) < 1 / (1 + np.exp(-x[:, 0] - x[:, 1] * x[:, 2])))
    params = {"iterations": 20, "depth": 6, "learning_rate": 0.1, "verbose": False, "allow_writing_files": False}
    params |= {"thread_count": 1, "leaf_estimation_method": "Newton", "leaf_estimation_iterations": 1}
    params |= {"metric_period": 100, "boost_from_average": False}
    objective = boosting.catboost(lf.BinaryCrossEntropyWithLogits())

    class InNumPy:
        no_jit = True

        def calc_ders_range(self, scores: np.ndarray, labels: np.ndarray, weights: Any) -> np.ndarray:
            gradient, bent = logistic(scores, labels)
            return -np.column_stack([gradient, bent])

    sides = {"built-in": "Logloss", "lossfn": objective, "in NumPy": InNumPy()}
    calls = {
        name: lambda side=side, metric="Logloss" if name == "built-in" else objective.metric: catboost.CatBoost(
            params | {"loss_function": side, "eval_metric": metric}
        ).fit(pool)
        for name, side in sides.items()
    }
    times, work = interleave(calls, budget, 1), "CatBoost, logistic, 100000 × 10, 20 rounds"
    found = [Figure(work, "built-in", median(times, "built-in"), "s")]
    found.append(Figure(work, "lossfn", ratio(times, "lossfn", "built-in"), "×", at_most(1.1)))
    return [*found, Figure(work, "in NumPy", ratio(times, "in NumPy", "built-in"), "×")]


def tables(budget: Budget = FULL) -> str:
    """Measure, and return the tables."""
    torch.set_num_threads(1)
    return "\n\n".join(tabulated(measure(budget)) for measure in (many, small, trainings))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    print(tables(QUICK if parser.parse_args().quick else FULL))
