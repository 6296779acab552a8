"""The tables of `torch_speed.py`, and what is in each."""

from __future__ import annotations

import tensors
from runner import Table

HEAD = """# Speed with PyTorch

One thread on every side, validation on, written by `python benchmarks/torch_speed.py --write`.

What is timed is what a training loop does: `loss(prediction, target).backward()` on leaf tensors of float32, a new
gradient each time. `lossfn` are the functions of `lossfn.torch.functional`, or a loss itself where torch has none;
`torch` the functions of `torch.nn.functional`, or the formula as torch users write it; `torch.compile` the same under
`torch.compile(fullgraph=True)`, warmed up. `lossfn fresh` and `lossfn recycled` are times; under the name of a peer
stands how many times as long it takes. *Fresh* is memory under the C library's own settings, *recycled* that of a
`malloc` that keeps what is freed, for every side. The memory table counts the growth at the peak, the gradient
included, in units of the logits. ✓ and ✗ say whether the bound in brackets is kept; `benchmarks/README.md` says how
the sides take turns.
"""
TABLES = {
    "many": Table("Forward and backward, 10000000 elements", tensors.MANY, tensors.many),
    "classes": Table("Cross-entropy, forward and backward", tensors.CLASSES, tensors.classes),
    "few": Table("Forward and backward, 1000 elements, the whole call", tensors.FEW, tensors.few),
    "memory": Table("Peak memory of forward and backward", tensors.CLASSES, tensors.memory),
}
