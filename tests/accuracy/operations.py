"""How far a framework's operations are from truths at 200 digits: they have no wider format to compute in."""

from pathlib import Path

import numpy as np

from lossfn.explanation.accuracy import measure
from lossfn.explanation.accuracy.formats import FORMATS

TRUTHS = Path(measure.__file__).with_name("truths.npz")
LIMITS = {"value": 4.0, "gradient": 8.0}
# Where e^x is taken of an x that is itself rounded, |x|/2 units are lost; the kernels carry what x lost.
ROUNDED = {
    "barron_nll": 2048.0,
    "generalized_cross_entropy": 64.0,
    "jensen_shannon": 128.0,
    "ppo_clip": 16.0,
    "welsch": 256.0,
}
# A slope of 2·residual·weight beyond the largest number, halved again afterwards.
OVERFLOWS = {"temporal_difference": 1}


def check(name, loss, form, answers, exceptions=ROUNDED, subnormal=True):
    """Hold `answers(prediction, target)` to the limits; without `subnormal`, where no number is subnormal."""
    with np.load(TRUTHS) as file:
        points, truths = file[f"{name}.{form}.points"], file[f"{name}.{form}.truths"]
    if not subnormal:
        normal = ~(tiny(points, form) | tiny(truths[..., 0], form) | tiny(truths[..., 2], form))
        points, truths = points[normal], truths[normal]
    prediction, target = measure.arguments(loss, points, FORMATS[form].dtype)
    found = list(measure.judged(answers(prediction, target), truths, FORMATS[form], (name, form, "operations")))
    assert found
    for one in found:
        assert one.results > 0
        assert one.ulps <= max(LIMITS[one.what], exceptions.get(name, 0.0)), one
        assert one.failures <= OVERFLOWS.get(name, 0), one


def tiny(numbers, form):
    """Tell which rows hold a subnormal number."""
    return ((numbers != 0) & (abs(numbers) < np.finfo(FORMATS[form].dtype).tiny)).any(axis=1)
