"""A loss as the Trainer of Hugging Face's transformers calls it; transformers itself is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from lossfn.core.errors import ArgumentError, OptionError, say
from lossfn.core.kinds import Distribution, Row
from lossfn.core.loss import Loss
from lossfn.torch.tensors import HALVES, Tensor

IGNORED = -100  # the label the Trainer leaves out of its count


@dataclass(frozen=True)
class TrainerLoss:
    """What `Trainer(compute_loss_func=...)` takes: the model's outputs and labels in, one loss out.

    The Trainer counts the labels of all micro-batches between two steps (`num_items_in_batch`) and leaves the division
    to this function: the sum of a micro-batch over the count of them all. So gradient accumulation gives the mean of
    the whole batch, and its gradient, however unevenly the micro-batches are filled.

    Parameters
    ----------
    loss : lossfn.Loss
        One of elements, or of classes and labels with ``ignore_index=-100``. Over classes the last axis of the logits
        is the class axis.
    shift : bool, default False
        Whether a label stands where its token stands, and belongs to the logits one place before: True for causal
        language models, as the Trainer counts them; False for all others, encoder-decoders among them.

    Raises
    ------
    OptionError
        If the Trainer's count is not what a mean of the loss divides by.
    ArgumentError
        At the call: without labels.

    Notes
    -----
    Logits are what the outputs hold under "logits", or the first of a tuple. float16 and bfloat16 logits are widened
    first, as transformers does. Without a count (labels of a kind the Trainer cannot count) the mean of what is there
    is returned. A label of -100 is ignored by losses of elements too, and where the logits have one column more in
    shape than the labels, (N, 1) against (N,), it is dropped. Class weights change the terms and not the count.

    Examples
    --------
    >>> import lossfn as lf
    >>> import torch
    >>> from lossfn.torch import TrainerLoss
    >>> compute_loss = TrainerLoss(lf.CrossEntropy(ignore_index=-100), shift=True)
    >>> logits = torch.tensor([[[0.0, 2.0], [1.0, 0.0], [5.0, 5.0]]])  # the last position predicts nothing
    >>> compute_loss({"logits": logits}, torch.tensor([[0, 1, -100]]), num_items_in_batch=2)
    tensor(0.0635)
    >>> compute_loss({"logits": logits}, torch.tensor([[0, 1, -100]]))
    tensor(0.1269)
    """

    loss: Loss
    shift: bool = False

    def __post_init__(self) -> None:
        """Refuse a loss whose mean does not divide by the number of labels that are not -100."""
        ignored = getattr(self.loss, "ignore_index", IGNORED)
        if isinstance(self.loss, Row) and ignored != IGNORED:
            fix = f"{type(self.loss).__name__}(ignore_index={IGNORED})"
            raise OptionError(say("ignore_index", expected=f"{IGNORED}, as the Trainer counts", got=ignored, fix=fix))
        if isinstance(self.loss, Distribution):
            expected = "a loss of elements, or of classes and labels: the Trainer counts labels"
            raise OptionError(say("loss", expected=expected, got=f"{type(self.loss).__name__}, which has a term a row"))

    def __call__(self, outputs: Any, labels: Tensor | None, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """Return the sum of the terms over the count of the whole batch; without a count the mean."""
        if labels is None:
            cause = "a data set without a column of labels, or label_names= of TrainingArguments"
            raise ArgumentError(say("labels", expected="a tensor", got="None", cause=cause))
        logits = outputs["logits"] if isinstance(outputs, Mapping) else outputs[0]
        logits = logits.float() if logits.dtype in HALVES else logits
        labels = labels.to(logits.device)
        weight = None
        if isinstance(self.loss, Row):
            labels = torch.nn.functional.pad(labels[..., 1:], (0, 1), value=IGNORED) if self.shift else labels
        else:
            logits = logits.squeeze(-1) if logits.dim() == labels.dim() + 1 else logits
            counted = labels != IGNORED
            weight = None if counted.all() else counted
        if num_items_in_batch is None:
            mean: Tensor = self.loss(logits, labels, sample_weight=weight, reduction="mean")
            return mean
        total: Tensor = self.loss(logits, labels, sample_weight=weight, reduction="sum")
        # A batch of nothing has the sum 0.
        return total / (num_items_in_batch + (num_items_in_batch == 0))
