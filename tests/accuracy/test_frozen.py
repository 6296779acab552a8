"""The frozen truths of `lossfn bench --accuracy` are what formulas of many digits give today."""

from importlib.resources import files

import mpmath as mp
import numpy as np
import pytest

import lossfn as lf
from accuracy.truths import pointwise
from lossfn.explanation.accuracy.formats import FORMATS


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["huber", "gamma", "binary_focal", "gaussian_nll"])
def test_frozen_truths_are_reproduced(name, form):
    with files("lossfn.explanation.accuracy").joinpath("truths.npz").open("rb") as file, np.load(file) as table:
        points, truths = table[f"{name}.{form}.points"], table[f"{name}.{form}.truths"]
    for point, known in list(zip(points.tolist(), truths.tolist(), strict=True))[::7]:
        groups = pointwise(lf.get(name), tuple(point), form == "float64")
        found = [truth for group in groups for truth in group]
        assert len(found) == len(known)
        with mp.workdps(60):
            for (low, high), (near, rest, _) in zip(found, known, strict=True):
                if np.isnan(near):  # on a kink, or no number of the format
                    assert mp.isnan(low) or mp.isinf(low) or low < high
                else:
                    kept = mp.mpf(near) + mp.mpf(rest)
                    assert low == kept or abs(low - kept) <= mp.mpf(2) ** -100 * abs(kept) + mp.mpf(10) ** -320
