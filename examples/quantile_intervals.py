"""Forecasts with an interval: one model for each quantile, never crossing, and how much the intervals cover.

Run `python examples/quantile_intervals.py`; it needs the extras `sklearn` and `plot`, draws quantile_intervals.png.
"""

# %% Seven quantiles of the progress of a disease, for patients the models have not seen

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)

if __name__ == "__main__":
    import numpy as np
    from sklearn.datasets import load_diabetes
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    from lossfn.sklearn import MultiQuantileRegressor

    X, y = load_diabetes(return_X_y=True)
    trees = HistGradientBoostingRegressor(max_iter=30, max_depth=2)
    models = {
        "linear": MultiQuantileRegressor(quantiles=LEVELS),
        "trees": MultiQuantileRegressor(trees, quantiles=LEVELS),
    }
    folds = KFold(5, shuffle=True, random_state=0)
    found = {name: cross_val_predict(model, X, y, cv=folds) for name, model in models.items()}

# %% What the intervals cover, and how wide they are

if __name__ == "__main__":
    print(f"{'interval':12}" + "".join(f"{name + ': covers':>16}{'width':>8}" for name in found))
    for low in range(3):
        share = LEVELS[-1 - low] - LEVELS[low]
        line = f"{share:<12.0%}"
        for table in found.values():
            inside = (table[:, low] <= y) & (y <= table[:, -1 - low])
            line += f"{inside.mean():16.1%}{(table[:, -1 - low] - table[:, low]).mean():8.1f}"
        print(line)

# %% The picture: the intervals of one model row by row, and the share of rows below each quantile

if __name__ == "__main__":
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), width_ratios=(2, 1), layout="constrained")
    table = found["linear"]
    rows = np.argsort(table[:, 3])
    inside, place = (table[:, 0] <= y)[rows] & (y <= table[:, -1])[rows], np.arange(len(y))
    left.fill_between(place, table[rows, 0], table[rows, -1], color="C0", alpha=0.2, lw=0, label="90 % interval")
    left.plot(place, table[rows, 3], color="C0", label="median")
    for kept, style in ((True, "k."), (False, "r.")):
        label = f"{(inside == kept).mean():.0%} {'inside' if kept else 'outside'}"
        left.plot(place[inside == kept], y[rows][inside == kept], style, ms=4, label=label)
    left.set(title="Linear model, each patient when unseen", xlabel="patients by predicted median", ylabel="progress")
    left.set(xlim=(0, len(y)), ylim=(0, 520))
    left.legend(loc="upper left", ncols=2, frameon=False)
    right.plot([0, 1], [0, 1], color="0.7", lw=1)
    for (name, table), mark in zip(found.items(), "os", strict=True):
        right.plot(LEVELS, (y[:, None] <= table).mean(axis=0), f"{mark}-", ms=5, label=name)
    right.set(title="Share of patients below", xlabel="quantile", ylabel="share", xlim=(0, 1), ylim=(0, 1))
    right.legend(loc="upper left", frameon=False)
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig("quantile_intervals.png", dpi=150)
