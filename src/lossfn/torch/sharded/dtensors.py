"""DTensors: each rank computes the terms of its own part, by a shard of the classes where those are spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Partial, Placement, Replicate
from torch.distributed.tensor import Shard as Sharded

from lossfn.core import arrays
from lossfn.core.kinds import Pointwise
from lossfn.core.loss import Loss
from lossfn.torch import operations
from lossfn.torch.operations import Terms
from lossfn.torch.sharded import parallel
from lossfn.torch.sharded.shard import Shard
from lossfn.torch.tensors import Tensor

Layout = tuple[Placement, ...]


@dataclass(frozen=True, kw_only=True)
class Spread(Terms):
    """Terms of this rank's rows; sums and weighed terms are DTensors of the whole `shape`."""

    mesh: DeviceMesh
    layout: Layout
    shape: torch.Size

    def unreduced(self) -> Tensor:
        """Return the weighed terms as a DTensor."""
        stride = torch.empty(self.shape, device="meta").stride()
        return DTensor.from_local(
            self.weighed(), self.mesh, self.layout, run_check=False, shape=self.shape, stride=stride
        )

    def total(self) -> Tensor:
        """Return the sum of the weighed terms."""
        return self._added(super().total())

    def denominator(self) -> Tensor:
        """Return what a mean divides by."""
        return self._added(super().denominator())

    def count(self) -> Tensor:
        """Return how many terms have a weight."""
        return self._added(super().count())

    def _added(self, own: Tensor) -> Tensor:
        parts = [Partial() if isinstance(p, Sharded) else Replicate() for p in self.layout]
        return DTensor.from_local(own, self.mesh, parts, run_check=False).redistribute(placements=_whole(self.mesh))


def terms_of(
    loss: Loss, predictions: Sequence[Tensor], target: Tensor, weight: Tensor | None, axis: int, check: bool
) -> Terms:
    """Return the terms of a loss; a tensor that is no DTensor is taken as the whole, the same on every rank."""
    mesh = next(t.device_mesh for t in (*predictions, target, weight) if isinstance(t, DTensor))
    whole = [_placed(t, mesh) for t in (*predictions, target)]
    given = None if weight is None else _placed(weight, mesh)
    if isinstance(loss, Pointwise):
        return _pointwise(loss, whole, given, check)
    return _over_classes(loss, whole[0], whole[1], given, axis % whole[0].ndim, check)


def _pointwise(loss: Loss, whole: list[DTensor], weight: DTensor | None, check: bool) -> Terms:
    """Leave every element where the first prediction has it; a table of columns needs them all."""
    first = whole[0]
    for other in whole:
        arrays.same_shape(operations.stand_in(first), operations.stand_in(other))
    columns = first.ndim - 1 if any(np.ndim(v) for v in loss.settings().values()) else None
    layout = _layout(first, lambda dim: dim != columns)
    *own, target = (_local(t, layout) for t in whole)
    weights = None if weight is None else _local(weight, layout if weight.shape == first.shape else _of_weight(layout))
    found = operations.terms_of(loss, own, target, weights, -1, check)
    return Spread(found.terms, found.weight, mesh=first.device_mesh, layout=layout, shape=first.shape)


def _over_classes(
    loss: Loss, scores: DTensor, target: DTensor, weight: DTensor | None, axis: int, check: bool
) -> Terms:
    """Leave every row where the scores have it, and its classes with one dimension of the mesh at most."""
    mesh, shape = scores.device_mesh, scores.shape[:axis] + scores.shape[axis + 1 :]
    if target.shape not in (shape, scores.shape):
        arrays.as_labels(operations.stand_in(target), tuple(shape), scores.shape[axis])
    over = [i for i, p in enumerate(scores.placements) if p.is_shard(axis)][:1]
    layout = _layout(scores, lambda dim: dim != axis)
    rows = tuple(Sharded(p.dim - (p.dim > axis)) if isinstance(p, Sharded) else p for p in layout)
    for i in over:
        layout = (*layout[:i], Sharded(axis), *layout[i + 1 :])
    own, truth = _local(scores, layout), _local(target, layout if target.shape == scores.shape else rows)
    weights = None if weight is None else _local(weight, rows if weight.shape == shape else _of_weight(rows))
    if over:
        found = parallel.terms_of(loss, own, truth, weights, axis, check, _shard(scores, axis, over[0]))
    else:
        found = operations.terms_of(loss, [own], truth, weights, axis, check)
    return Spread(found.terms, found.weight, found.divisor, mesh=mesh, layout=rows, shape=shape)


def _whole(mesh: DeviceMesh) -> Layout:
    return (Replicate(),) * mesh.ndim


def _placed(tensor: Tensor, mesh: DeviceMesh) -> DTensor:
    return tensor if isinstance(tensor, DTensor) else DTensor.from_local(tensor, mesh, _whole(mesh), run_check=False)


def _layout(tensor: DTensor, may: Callable[[int], bool]) -> Layout:
    """Return where a tensor lies, whole on every rank of a mesh dimension that may not cut it."""
    return tuple(p if isinstance(p, Sharded) and may(p.dim) else Replicate() for p in tensor.placements)


def _of_weight(layout: Layout) -> Layout:
    """Return where a weight for each entry of the first axis lies."""
    return tuple(p if p.is_shard(0) else Replicate() for p in layout)


def _local(tensor: DTensor, layout: Layout) -> Tensor:
    return tensor.redistribute(placements=layout).to_local()


def _shard(scores: DTensor, axis: int, over: int) -> Shard:
    """Return this rank's classes: a DTensor is cut into parts of one size, of which the last may be less."""
    mesh, classes = scores.device_mesh, scores.shape[axis]
    size = -(-classes // mesh.size(over))
    start = min(classes, size * mesh.get_local_rank(over))
    return Shard(start, min(size, classes - start), classes, mesh.get_group(over))
