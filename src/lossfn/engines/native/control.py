"""Loops and branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lossfn.engines.native.instructions import Instructions
from lossfn.engines.native.value import Value


class Control(Instructions):
    """Basic blocks and what they carry on."""

    def label(self, name: str) -> None:
        """Begin a basic block."""
        self.lines.append(f"{name}:")
        self.block = name

    def fresh(self, name: str) -> str:
        """Return an unused block name."""
        self.count += 1
        return f"{name}{self.count}"

    def loop(
        self,
        start: Value,
        stop: Value,
        step: int,
        carried: Sequence[Value],
        body: Callable[[Value, list[Value]], Sequence[Value]],
    ) -> list[Value]:
        """For i = start; i < stop; i += step: carried = body(i, carried)."""
        head, inside, done = self.fresh("head"), self.fresh("body"), self.fresh("done")
        before = self.block
        self.do(f"br label %{head}")
        self.label(head)
        place = len(self.lines)
        i = Value(self, start.kind, f"%i{self.count}")
        state = [Value(self, c.kind, f"%c{self.count}_{k}") for k, c in enumerate(carried)]
        go = self.compare("slt", i, stop)
        self.do(f"br i1 {go.name}, label %{inside}, label %{done}")
        self.label(inside)
        after = body(i, state)
        following = i + step
        back = self.block
        self.do(f"br label %{head}")
        pairs = [(i, start, following), *zip(state, carried, after, strict=True)]
        self.lines[place:place] = [
            f"  {s.name} = phi {s.kind} [ {a.name}, %{before} ], [ {b.name}, %{back} ]" for s, a, b in pairs
        ]
        self.label(done)
        return state

    def when(self, condition: Value, body: Callable[[], Sequence[Value]], otherwise: Sequence[Value]) -> list[Value]:
        """`body()` where a scalar condition holds, else the values given."""
        inside, done, before = self.fresh("then"), self.fresh("join"), self.block
        self.do(f"br i1 {condition.name}, label %{inside}, label %{done}")
        self.label(inside)
        results = body()
        back = self.block
        self.do(f"br label %{done}")
        self.label(done)
        return [
            self.let(f"phi {r.kind} [ {o.name}, %{before} ], [ {r.name}, %{back} ]", r.kind)
            for r, o in zip(results, otherwise, strict=True)
        ]
