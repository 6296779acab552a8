"""What the two row templates share: the statistics of a row brought to its value and slopes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lossfn.core.graph import Node, number, order
from lossfn.core.program import Program
from lossfn.engines.native.code import INTEGER, LANES, REAL, Code, Stream, Value
from lossfn.engines.native.emit import Numbers, emit

STATISTICS = ("log_prob", "log_sum_exp", "mean_log_prob")
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
    def needs_mean(self) -> bool:
        """Whether the formula reads the mean over classes."""
        return any(node.name == "mean_log_prob" for node in order([self.program.value]))


@dataclass
class Frame:
    """The arguments of a row kernel, and what its body starts from."""

    plan: RowPlan
    code: Code
    pointers: list[str] = field(default_factory=list)
    steady: Numbers = field(default_factory=Numbers)

    def __post_init__(self) -> None:
        plan, code = self.plan, self.code
        self.logits, self.labels = Stream("%logits", plan.dtype), Stream("%labels", "int64")
        self.weight = Stream("%weight", "float64") if plan.weighted else None
        self.tables = {name: Stream(f"%table{i}", "float64") for i, name in enumerate(plan.tables)}
        self.terms = Stream("%terms", plan.keep) if plan.keep else None
        self.outs = [Stream(f"%out{i}", plan.dtype) for i in range(plan.order)]
        for place, name in enumerate(plan.settings):
            at = code.address(Stream("%settings", "float64"), Value(code, "i64", str(place)))
            self.steady[name] = code.splat(code.let(f"load double, ptr {at}, align 8", "double"))
        self.steady.steady = frozenset((*plan.settings, *plan.tables))
        self.classes, self.scale = Value(code, "i64", "%classes"), code.splat(Value(code, "double", "%scale"))
        self.count = code.splat(code.cast("sitofp", self.classes, "double"))

    def text(self, result: Value) -> str:
        """Close the function."""
        streams = [self.logits, self.labels, self.weight, *self.tables.values(), self.terms, *self.outs]
        arrays = [*(s.pointer for s in streams if s), "%settings", "%scratch", "%sums"]
        numbers = ["i64 %classes", "i64 %start", "i64 %stop", "double %scale"]
        self.code.do(f"ret double {result.name}")
        head = ", ".join([*(f"ptr noalias {p}" for p in arrays), *numbers])
        return f"define double @kernel({head}) {{\nentry:\n" + "\n".join(self.code.lines) + "\n}\n"

    def scalar(self, stream: Stream, index: Value) -> Value:
        """One float64 in all lanes."""
        return self.code.splat(self.code.let(f"load double, ptr {self.code.address(stream, index)}, align 8", "double"))


@dataclass
class Sums:
    """What the passes over a row's classes have gathered, w_k = e^(x_k - top)."""

    top: Value
    label_shift: Value
    own: Value
    others: Value
    mean_shift: Value | None
    mean_weight: Value | None


@dataclass
class Slopes:
    """How a class's gradient and curvature follow from its probability p = w·inverse."""

    value: Value
    inverse: Value
    of_class: Value | None
    of_label: Value | None
    of_mean: Value | None
    bend: Value | None
    curvatures: dict[tuple[str, str], Value]
    not_label: Value
    mean_weight: Value | None


def finish(frame: Frame, sums: Sums, labelled: dict[str, Value]) -> Slopes:
    """Evaluate the formula on the statistics of a row (of sixteen rows, or one in all lanes)."""
    code, plan = frame.code, frame.plan
    empty = code.select(code.compare("oeq", sums.top, -math.inf), math.nan, 0.0)
    total = sums.others + sums.own + empty
    inner = Numbers(frame.steady | labelled)
    inner.steady = frame.steady.steady
    (rest,) = emit(code, [_log1p(plan)], Numbers(x=sums.others + (sums.own - 1.0) + empty), plan.long)
    inner |= {"log_prob": sums.label_shift - rest, "log_sum_exp": sums.top + rest}
    mean_weight = None
    if sums.mean_shift is not None and sums.mean_weight is not None:
        mean_weight = sums.mean_weight / frame.count
        inner["mean_log_prob"] = sums.mean_shift / frame.count - mean_weight * rest
    wanted = _wanted(plan)
    results = dict(zip(wanted, emit(code, list(wanted.values()), inner, plan.long), strict=True))
    return _pull(code, results, sums, code.like(1.0, REAL) / total, mean_weight, sums.others / total)


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
    code: Code, r: dict[str, Value], sums: Sums, inverse: Value, mean_weight: Value | None, not_label: Value
) -> Slopes:
    # a(1[k=y] - p) + b·p + c(w_k/K - p·Σw/K): one factor for p in every class, one number for the label.
    zero = code.like(0.0, REAL)
    a, b, c = (r.get(name) for name in STATISTICS)
    shared = zero - a if a is not None else zero
    shared = shared + b if b is not None else shared
    beside = b if b is not None else zero
    if c is not None and mean_weight is not None:
        shared, beside = shared - c * mean_weight, beside - c * mean_weight
    label = beside * sums.own * inverse
    label = label + a * not_label if a is not None else label
    curvatures = {pair: r[" ".join(pair)] for pair in PAIRS if " ".join(pair) in r}
    return Slopes(r["value"], inverse, shared, label, c, shared, curvatures, not_label, mean_weight)


def class_gradient(frame: Frame, s: Slopes, p: Value, share: Value | None, is_label: Value) -> Value:
    """Gradient of one class from its probability; `share` is its finite class weight where a mean is read."""
    code = frame.code
    assert_value = s.of_class if s.of_class is not None else code.like(0.0, REAL)
    g = p * assert_value
    g = code.select(is_label, s.of_label, g) if s.of_label is not None else g
    return g + s.of_mean * (share / frame.count) if s.of_mean is not None and share is not None else g


def class_hessian(frame: Frame, s: Slopes, p: Value, share: Value | None, is_label: Value) -> Value:
    """Diagonal curvature of one class: Σ f_ij·g_i·g_j + Σ f_i·g_i'."""
    code = frame.code
    parts = {"log_prob": code.select(is_label, s.not_label, -p), "log_sum_exp": p}
    if share is not None and s.mean_weight is not None:
        parts["mean_log_prob"] = share / frame.count - p * s.mean_weight
    spread = p * code.select(is_label, s.not_label, 1.0 - p)
    total = spread * (s.bend if s.bend is not None else 0.0)
    for (first, second), curvature in s.curvatures.items():
        both = 1.0 if first == second else 2.0
        total = total + curvature * parts[first] * parts[second] * both
    return total


def illegal(code: Code, labels: Value, classes: Value) -> Value:
    """Lanes whose label is no class."""
    return code.compare("uge", labels, code.splat(classes))


def at_labels(frame: Frame, labels: Value, bad: Value) -> dict[str, Value]:
    """Array hyperparameters at the labels; an illegal label reads entry 0."""
    code, found = frame.code, {}
    safe = code.select(bad, 0, labels)
    for name, stream in frame.tables.items():
        values = code.like(0.0, REAL)
        for lane in range(LANES):
            index = code.let(f"extractelement {INTEGER} {safe.name}, i32 {lane}", "i64")
            one = code.let(f"load double, ptr {code.address(stream, index)}, align 8", "double")
            values = code.let(f"insertelement {REAL} {values.name}, double {one.name}, i32 {lane}", REAL)
        found[name] = values
    return found
