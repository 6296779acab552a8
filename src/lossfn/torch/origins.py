"""What made a tensor: autograd's graph knows of the softmax or sigmoid that a loss would apply once more."""

from __future__ import annotations

from typing import Any

from lossfn.core import logits
from lossfn.core.kinds import Pointwise
from lossfn.torch.tensors import Tensor

FUNCTIONS = {"Softmax": "softmax", "Sigmoid": "sigmoid"}
# What moves, cuts or narrows numbers and leaves them probabilities.
MOVES = frozenset(
    "Alias Clamp Clone Permute Select Slice Squeeze T ToCopy Transpose UnsafeView Unsqueeze View".split()  # noqa: SIM905  a list of names
)
STEPS = 4


def look(loss: Any, prediction: Tensor) -> None:
    """Warn if the prediction comes out of the very function the loss applies."""
    if type(loss) in logits.told or prediction.grad_fn is None:
        return
    pointwise = isinstance(loss, Pointwise)
    if loss.estimates in logits.ESTIMATES if pointwise else loss.takes == "logits":
        function = _made_by(prediction.grad_fn)
        if function == "softmax" or (function and pointwise):
            logits.tell(loss, f"the output of a {function}", function)


def _made_by(node: Any) -> str | None:
    for _ in range(STEPS):
        name = type(node).__name__.rstrip("0123456789").removesuffix("Backward")
        if name in FUNCTIONS or name not in MOVES or not node.next_functions:
            return FUNCTIONS.get(name)
        node = node.next_functions[0][0]
    return None
