"""What the two row templates share: the statistics of a row brought to its value and slopes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from lossfn.core.graph import Node, order
from lossfn.core.program import Program
from lossfn.core.simplify import number
from lossfn.engines.finish import finished
from lossfn.engines.native.code import Code
from lossfn.engines.native.elementary import Elementary
from lossfn.engines.native.emit import Numbers, emit
from lossfn.engines.native.memory import Stream
from lossfn.engines.native.pointwise import kept, read_settings
from lossfn.engines.native.value import REAL, Value

STATISTICS = ("log_prob", "log_sum_exp", "mean_log_prob")
INTEGERS = ("classes", "start", "stop")
PAIRS = tuple((a, b) for i, a in enumerate(STATISTICS) for b in STATISTICS[i:])


@dataclass(frozen=True)
class RowPlan:
    """Which pass over rows: what is read and written, in the order of the kernel's arguments."""

    program: Program
    settings: tuple[str, ...]
    tables: tuple[str, ...]
    class_weight: str | None
    dtype: str
    weighted: bool
    order: int
    keep: str | None
    long: bool

    @property
    def arrays(self) -> int:
        """How many arrays the kernel takes."""
        return 5 + self.weighted + len(self.tables) + bool(self.keep) + self.order

    @property
    def needs_mean(self) -> bool:
        """Whether the formula reads the mean over classes."""
        return any(node.name == "mean_log_prob" for node in order([self.program.value]))


class Frame:
    """The arguments of a row kernel, and what its body starts from.

    kernel(logits, labels, weight?, tables…, terms?, outputs…, settings, scratch, sums, classes, start, stop, scale)
    """

    def __init__(self, plan: RowPlan, fma: bool, data: int) -> None:
        self.plan, self.code = plan, Code(fma, data)
        code = self.code
        self.logits, self.labels = code.array("logits", plan.dtype), code.array("labels", "int64")
        self.weight = code.array("weight", "float64") if plan.weighted else None
        self.tables = {name: code.array(f"table{k}", "float64") for k, name in enumerate(plan.tables)}
        self.terms = code.array("terms", plan.keep) if plan.keep else None
        self.outs = [code.array(f"out{k}", plan.dtype) for k in range(plan.order)]
        self.steady = read_settings(code, plan.settings)
        self.scratch, self.sums = code.room("scratch"), code.array("sums", "float64")
        self.classes, self.start, self.stop = (Value(code, "i64", f"%{name}") for name in INTEGERS)
        self.scale = code.splat(Value(code, "double", "%scale"))
        self.count = code.splat(code.cast("sitofp", self.classes, "double"))
        self.steady.steady = frozenset((*plan.settings, *plan.tables))

    def scalar(self, stream: Stream, index: Value) -> Value:
        """One float64 in all lanes."""
        return self.code.splat(self.code.load_scalar(stream, index))

    def finish(self, total: Value) -> str:
        """Close the kernel."""
        return self.code.text(INTEGERS, total)


@dataclass
class Sums:
    """What the passes over a row's classes have gathered, w_k = e^(x_k - top); the label's is `own`."""

    top: Value
    label_shift: Value
    label_lost: Value
    own: Value
    others: Value
    mean_shift: Value | None
    mean_weight: Value | None


@dataclass
class Slopes:
    """How a class's gradient and curvature follow from its w, where p = w·inverse."""

    value: Value
    inverse: Value
    of_class: Value
    of_label: Value
    of_mean: Value | None
    bend: Value
    curvatures: dict[tuple[str, str], Value]
    not_label: Value
    mean_weight: Value | None
    weight: Value | None
    factor: Value


def finish(frame: Frame, sums: Sums, labelled: dict[str, Value], weight: Value | None) -> Slopes:
    """Evaluate the formula on the statistics of a row (of sixteen rows, or one in all lanes)."""
    code, plan = frame.code, frame.plan
    empty = code.select(code.compare("oeq", sums.top, -math.inf), math.nan, 0.0)
    total = sums.others + sums.own + empty
    inner = Numbers(frame.steady | labelled)
    inner.steady = frame.steady.steady
    (rest,) = emit(code, [_log1p(plan)], Numbers(x=sums.others + (sums.own - 1.0) + empty), plan.long)
    inner |= Elementary(code, plan.long).log_prob(sums.label_shift, sums.label_lost, rest)
    inner["log_sum_exp"] = sums.top + rest
    mean_weight = None
    if sums.mean_shift is not None and sums.mean_weight is not None:
        mean_weight = sums.mean_weight / frame.count
        inner["mean_log_prob"] = sums.mean_shift / frame.count - mean_weight * rest
    wanted = _wanted(plan)
    wanted["value"] = finished(wanted["value"], frozenset(inner)) if plan.long else wanted["value"]
    results = dict(zip(wanted, emit(code, list(wanted.values()), inner, plan.long), strict=True))
    inverse = code.like(1.0, REAL) / total
    return _pull(frame, results, sums, inverse, mean_weight, weight)


def _log1p(plan: RowPlan) -> Node:
    m = plan.program.value.tracer
    return m.apply("log1p", m.input("x"))


def _wanted(plan: RowPlan) -> dict[str, Node]:
    program, wanted = plan.program, {"value": plan.program.value}
    if plan.order > 0:
        slopes = {name: program.slopes(name) for name in STATISTICS}
        wanted |= {name: node for name, node in slopes.items() if number(node) != 0}
    if plan.order > 1:
        bends = {f"{a} {b}": program.curvatures(a, b) for a, b in PAIRS}
        wanted |= {pair: node for pair, node in bends.items() if number(node) != 0}
    return wanted


def _pull(
    frame: Frame,
    r: dict[str, Value],
    sums: Sums,
    inverse: Value,
    mean_weight: Value | None,
    weight: Value | None,
) -> Slopes:
    # a(1[k=y] - p) + b·p + c(w_k/K - p·Σw/K): one factor for p in every class, one number for the label.
    zero, not_label = frame.code.like(0.0, REAL), sums.others * inverse
    a, b, c = (r.get(name) for name in STATISTICS)
    shared = zero - a if a is not None else zero
    shared = shared + b if b is not None else shared
    beside = b if b is not None else zero
    if c is not None and mean_weight is not None:
        shared, beside = shared - c * mean_weight, beside - c * mean_weight
    label = beside * sums.own * inverse
    label = label + a * not_label if a is not None else label
    curvatures = {pair: r[" ".join(pair)] for pair in PAIRS if " ".join(pair) in r}
    factor = frame.scale if weight is None else weight * frame.scale
    of_class, value = shared * inverse, r.get("value", zero)
    if c is None:  # products alone follow: the factor is multiplied in here, once a row
        of_class, label = of_class * factor, label * factor
    return Slopes(value, inverse, of_class, label, c, shared, curvatures, not_label, mean_weight, weight, factor)


def class_gradient(frame: Frame, s: Slopes, w: Value, share: Value | None, label: bool) -> Value:
    """Weighted gradient of one class, w = e^(x - top); `share` is its finite class weight where a mean is read."""
    g = s.of_label if label else w * s.of_class
    if s.of_mean is not None and share is not None:
        g = (g + s.of_mean * (share / frame.count)) * s.factor
    return kept(frame.code, g, s.weight)


def class_hessian(frame: Frame, s: Slopes, w: Value, share: Value | None, label: bool) -> Value:
    """Weighted diagonal curvature of one class: Σ f_ij·g_i·g_j + Σ f_i·g_i'."""
    p = w * s.inverse
    rest = s.not_label if label else 1.0 - p
    parts = {"log_prob": rest if label else -p, "log_sum_exp": p}
    if share is not None and s.mean_weight is not None:
        parts["mean_log_prob"] = share / frame.count - p * s.mean_weight
    total = p * rest * s.bend
    for (first, second), curvature in s.curvatures.items():
        both = 1.0 if first == second else 2.0
        total = total + curvature * parts[first] * parts[second] * both
    return kept(frame.code, total * s.factor, s.weight)


Maker = Callable[[Frame, Slopes, Value, Value | None, bool], Value]
MAKERS: tuple[Maker, ...] = (class_gradient, class_hessian)


def add_other(long: bool, s: list[Value], w: Value) -> list[Value]:
    """Add to the sum of the other classes; in float64 with what rounding took, which is carried along (Kahan)."""
    if not long:
        return [s[0] + w]
    step = w - s[1]
    total = s[0] + step
    return [total, (total - s[0]) - step]


def finite_share(code: Code, weight: Value | float, x: Value) -> Value:
    """Weight of a class in the mean over classes: none where its logit is masked."""
    return code.select(code.compare("une", x, -math.inf), weight, 0.0)


def add_mean(code: Code, share: Value, x: Value, shift: Value, s: list[Value]) -> list[Value]:
    """Add a class to the weighted sum of shifts and to the sum of weights."""
    return [s[0] + code.select(code.compare("une", x, -math.inf), share * shift, 0.0), s[1] + share]


def at_labels(frame: Frame, places: list[Value]) -> dict[str, Value]:
    """Array hyperparameters at the labels, a lane each; or at one label, in all lanes."""
    return {name: gather(frame.code, stream, places) for name, stream in frame.tables.items()}


def gather(code: Code, stream: Stream, places: list[Value]) -> Value:
    """Elements of an array as they lie in memory, a lane each; or one in all lanes."""
    found = [code.load_scalar(stream, place) for place in places]
    return code.splat(found[0]) if len(found) == 1 else code.lanes(found)
