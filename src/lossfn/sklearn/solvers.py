"""Minimisers of an objective: SciPy's, fed with our derivatives."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse.linalg import LinearOperator, cg
from sklearn.exceptions import ConvergenceWarning

from lossfn.core.arrays import Array
from lossfn.core.errors import LossfnError, OptionError, TargetError, say
from lossfn.core.links import behind
from lossfn.sklearn.data import Seen
from lossfn.sklearn.objective import Objective
from lossfn.sklearn.pieces import Softened, linear_program, straight

_FINE = {"ftol": 4.0 * np.finfo(float).eps, "maxls": 50}

SOLVERS = ("auto", "lbfgs", "newton", "highs")
MANY_ROWS = 5000  # beyond them a linear program takes minutes
NOISE = 1e-14  # beside a value, what rounding makes of it
FINER = 1e-3  # than `tol`, where a hessian makes it cheap: parameters of little slope may still be far off
PRODUCTS, LONG = 20, 1e100  # with a hessian, in one step, for each parameter: exact arithmetic needs one
WIDTHS = tuple(10.0**-power for power in range(8))  # of rounded corners, in deviations of where they are


def solve(objective: Objective, first: Array, solver: str, max_iter: int, tol: float) -> tuple[Array, int]:
    """Return the best parameters and how many steps they took.

    `tol` is the largest slope left, beside the mean absolute slope at the start: the same for any unit of y.
    """
    run, steps, size = _chosen(objective, solver), 0, _size(objective, first, tol)
    for seen in _stages(objective) if run is not _linear else [objective.seen]:
        try:
            first, result = run(replace(objective, seen=seen), first, size, {"maxiter": max_iter, "gtol": tol})
        except LossfnError:
            raise
        except ValueError:
            raise _bottomless(objective.seen.loss) from None
        steps += int(result.nit)
    said = _complaint(result, max_iter, tol)
    if said:
        warnings.warn(said, ConvergenceWarning, stacklevel=2)
    return first, steps


def _size(objective: Objective, first: Array, tol: float) -> float:
    """Return the sum of slopes that `tol` is a share of; no less is asked of a slope than its rounding."""
    scores = objective.scores(first)
    slopes, bent = objective.seen.slopes(scores)
    # Beside a variance that goes to 0 the curvature of a mean has no bound, nor has rounding.
    rounding = NOISE / max(tol, NOISE) * np.abs(bent * scores).sum() if objective.seen.outputs == 1 else 0.0
    return float(max(np.abs(slopes).sum(), rounding)) or 1.0


def _bottomless(loss: Any) -> TargetError:
    expected = f"targets for which {behind(loss)!r} has a least value"
    cause = "all targets alike, and a variance that goes to 0"
    return TargetError(say("y", expected=expected, got="slopes without end", cause=cause))


def _complaint(result: Any, max_iter: int, tol: float) -> str:
    if result.status == 1:
        return f"the solver stopped after max_iter={max_iter} steps; more of them, or a larger tol, let it finish"
    # At bounds, where only L-BFGS-B goes, a slope may remain.
    if result.success or not result.get("nhev") or np.abs(result.jac).max() < tol**0.5:
        return ""
    return (
        "the solver found no better parameters although the loss is not flat there: it may fall without end, as a "
        "likelihood does when a row's variance can go to 0; alpha > 0 bounds it"
    )


def _stages(objective: Objective) -> list[Seen]:
    return [*Softened.all(objective.seen, WIDTHS)] if straight(objective.seen.loss) else [objective.seen]


def _chosen(objective: Objective, solver: str) -> Any:
    loss: Any = objective.seen.loss
    linear = straight(loss) and not objective.ridge
    if solver == "auto":
        few = len(objective.seen.target) <= MANY_ROWS
        solver = "highs" if linear and few else "lbfgs" if objective.lasso else "newton"
    if solver == "highs" and not linear:
        raise _unfit(solver, "a loss of straight pieces without an L2 penalty", loss)
    if solver == "newton" and objective.lasso:
        raise _unfit(solver, "no L1 penalty", loss)
    return {"highs": _linear, "newton": _newton, "lbfgs": _lasso if objective.lasso else _smooth}[solver]


def _unfit(solver: str, expected: str, loss: Any) -> OptionError:
    return OptionError(
        say("solver", expected=f"{expected} for {solver!r}", got=repr(behind(loss)), fix='solver="auto"')
    )


def _linear(objective: Objective, first: Array, size: float, options: dict[str, Any]) -> tuple[Array, Any]:
    return linear_program(objective, options["maxiter"])


def _smooth(objective: Objective, first: Array, size: float, options: dict[str, Any]) -> tuple[Array, Any]:
    def scaled(flat: Array) -> tuple[float, Array]:
        value, gradient = objective.value_and_grad(flat)
        return value / size, gradient / size

    result = minimize(scaled, first, jac=True, method="L-BFGS-B", options=options | _FINE)
    return result.x, result


def _lasso(objective: Objective, first: Array, size: float, options: dict[str, Any]) -> tuple[Array, Any]:
    # γ = u − v with u, v >= 0: the L1 norm is Σ(u + v), smooth within bounds.
    price, count = objective.lasso_weights(), len(first)

    def scaled(both: Array) -> tuple[float, Array]:
        value, gradient = objective.value_and_grad(both[:count] - both[count:])
        whole = np.concatenate([gradient + price, price - gradient])
        return (value + float(price @ (both[:count] + both[count:]))) / size, whole / size

    both = np.concatenate([np.maximum(first, 0.0), np.maximum(-first, 0.0)])
    bounds = [(0.0, None)] * (2 * count)
    result = minimize(scaled, both, jac=True, method="L-BFGS-B", bounds=bounds, options=options | _FINE)
    return result.x[:count] - result.x[count:], result


def _newton(objective: Objective, first: Array, size: float, options: dict[str, Any]) -> tuple[Array, Any]:
    left = 0

    def scaled(flat: Array) -> tuple[float, Array]:
        nonlocal left
        left = PRODUCTS * len(flat)
        value, gradient = objective.value_and_grad(flat)
        return value / size, gradient / size

    def product(flat: Array, vector: Array) -> Array:
        # SciPy's conjugate gradients have no limit but a direction without curvature: that of a bottomless loss.
        nonlocal left
        left -= 1
        lost = left < 0 or not np.abs(vector).max() < LONG
        return np.zeros_like(vector) if lost else objective.times_hessian(flat, vector) / size

    # A step may be as long as the unit of y asks for; SciPy's longest is 1000.
    told = options | {"max_trust_radius": LONG}
    result = minimize(scaled, first, jac=True, hessp=product, method="trust-ncg", options=told)
    if result.status != 1:
        _polish(result, scaled, product, FINER * options["gtol"])
        result.success |= bool(np.abs(result.jac).max() < options["gtol"])
    return result.x, result


def _polish(result: Any, scaled: Any, product: Any, small: float) -> None:
    """Take Newton steps that shrink the slopes: so near the lowest point, values differ by rounding alone."""
    count = len(result.x)
    while np.abs(result.jac).max() > small:
        bend = LinearOperator((count, count), partial(product, result.x), dtype=float)
        with np.errstate(all="ignore"):
            x = result.x + cg(bend, -result.jac, rtol=1e-6, maxiter=PRODUCTS * count)[0]
            value, slopes = scaled(x)
        lower = value <= result.fun + NOISE * abs(result.fun)
        if not (lower and np.abs(slopes).max() < 0.5 * np.abs(result.jac).max()):
            return
        result.update(x=x, fun=value, jac=slopes, nit=result.nit + 1)
