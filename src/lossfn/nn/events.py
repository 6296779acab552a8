"""Figures for TensorBoard, written with the `tensorboard` package alone: no TensorFlow, no torch."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class TensorBoard:
    """A callback that writes the figures of each epoch where TensorBoard looks for them; needs ``tensorboard``.

    train_loss becomes the curve "loss/train", and so on: training and validation share a panel. The file is closed
    after each epoch, so nothing is lost with the process.

    Parameters
    ----------
    folder : path
        One training; made if missing. Show it with ``tensorboard --logdir FOLDER``.

    Raises
    ------
    ImportError
        tensorboard is missing.

    Examples
    --------
    >>> from lossfn.nn import TensorBoard
    >>> board = TensorBoard("runs/first")  # doctest: +SKIP
    >>> Trainer(model, loss, Adam(), callbacks=[board]).fit(x, y)  # doctest: +SKIP
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        try:
            from tensorboard.compat.proto.event_pb2 import Event
        except ImportError as error:
            raise ImportError('TensorBoard: needs tensorboard. Try: pip install "lossfn[tensorboard]"') from error
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.path = Path(folder) / f"events.out.tfevents.{time.time_ns()}.{os.getpid()}"
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def __call__(self, epoch: int, figures: Mapping[str, float]) -> None:
        """Write the figures of an epoch."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=_tag(name), simple_value=figure) for name, figure in figures.items()]
        self._write(Event(wall_time=time.time(), step=epoch, summary=Summary(value=values)))

    def _write(self, event: Any) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        with self.path.open("ab") as file:
            RecordWriter(file).write(event.SerializeToString())


def _tag(name: str) -> str:
    part, _, figure = name.partition("_")
    return f"{figure}/{part}"
