"""What a network is made of, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

from lossfn.nn.layers import Array, Layer

HEAD = ("name", "layer", "output", "parameters")


def table(layers: Mapping[str, Layer], example: Array) -> str:
    """Return the name, the layer, the shape of one example's output and the number of parameters, line by line."""
    rows, y = [HEAD], example
    for name, layer in layers.items():
        y = layer.forward(y)
        rows.append((name, repr(layer), " x ".join(map(str, y.shape[1:])), f"{layer.size:,}"))
    total = sum(layer.size for layer in layers.values())
    rows.append(("total", "", "", f"{total:,}"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    name, layer, output, count = row
    wide, wider, middle, last = widths
    return f"{name:<{wide}}  {layer:<{wider}}  {output:>{middle}}  {count:>{last}}"
