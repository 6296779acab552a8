"""Write examples/diabetes_predictions.csv: real patients, predictions by five-fold cross-validation.

`python tools/predictions.py`; the data are those of Efron et al. (2004), bundled with scikit-learn.
"""

import csv
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

PLACE = Path(__file__).parents[1] / "examples" / "diabetes_predictions.csv"
AGES = (40, 60)


def rows():
    """Target, prediction and two groups of each patient."""
    data = load_diabetes(scaled=False)
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 3, 30)))
    predicted = cross_val_predict(model, data.data, data.target, cv=KFold(5, shuffle=True, random_state=0))
    age, sex = (data.data[:, data.feature_names.index(name)] for name in ("age", "sex"))
    bands = np.array([f"under {AGES[0]}", f"{AGES[0]} to {AGES[1] - 1}", f"{AGES[1]} and over"])
    groups = bands[np.searchsorted(AGES, age, side="right")]
    # The source codes sex as 1 and 2 without saying which is which.
    sexes = np.array(["sex 1", "sex 2"])[sex.astype(int) - 1]
    for target, prediction, band, coded in zip(data.target, predicted, groups, sexes, strict=True):
        yield f"{target:g}", f"{prediction:.1f}", band, coded


if __name__ == "__main__":
    with PLACE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("target", "prediction", "age", "sex"))
        writer.writerows(rows())
