"""From a cost to a fitted model: forecasts that are too high cost twice as much as those too low.

Run `python examples/asymmetric_cost.py`; it needs the extras `sklearn` and `plot`, and draws asymmetric_cost.png.
"""

# %% The cost is the loss

import lossfn as lf


class Cost(lf.Pointwise):
    """What a forecast costs: 2 for each unit too high, 1 for each unit too low."""

    def formula(self, m, prediction, target):
        excess = prediction - target
        return m.maximum(2.0 * excess, -excess)


# %% Three kinds of model, each fitted to the squared error and to the cost, and what each costs on rows it has not seen

if __name__ == "__main__":
    from sklearn.datasets import load_diabetes
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import cross_val_score

    from lossfn.sklearn import HistLoss, LossRegressor, MLPRegressor

    X, y = load_diabetes(return_X_y=True)
    cost, found = Cost(), {}
    print(f"{'mean cost':20}{'squared error':>15}{'the cost':>10}")
    for name, model in {
        "linear": lambda loss: LossRegressor(loss, alpha=0.0),
        "boosted trees": lambda loss: HistGradientBoostingRegressor(loss=HistLoss(loss), max_iter=40, max_depth=3),
        "network": lambda loss: MLPRegressor(loss, early_stopping=True, random_state=0),
    }.items():
        found[name] = [
            -cross_val_score(model(loss), X, y, scoring=cost.scorer(), cv=5).mean() for loss in ("squared_error", cost)
        ]
        print("{:20}{:15.1f}{:10.1f}".format(name, *found[name]))

# %% The picture: the cost, its slope, and what it saves

if __name__ == "__main__":
    import numpy as np
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    excess = np.linspace(-3.0, 3.0, 601)
    left.plot(excess, cost(excess, 0 * excess, reduction="none"), label="cost")
    left.plot(excess, cost.grad_and_hess(excess, 0 * excess)[0], "--", label="its slope")
    left.set(title="The cost of a forecast", xlabel="forecast − truth", ylabel="cost, slope")
    left.legend(frameon=False)
    for place, label in enumerate(("squared error", "the cost")):
        costs = [pair[place] for pair in found.values()]
        bars = right.barh(np.arange(len(found)) + 0.38 * (place - 0.5), costs, 0.36, label=f"fitted to {label}")
        right.bar_label(bars, fmt="%.1f", padding=3)
    right.set(title="Five-fold cross-validation", xlabel="mean cost on unseen rows", yticks=range(len(found)))
    right.set(yticklabels=found, xlim=(0, 1.15 * max(map(max, found.values()))))
    right.invert_yaxis()
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower right", ncols=2, frameon=False)
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig("asymmetric_cost.png", dpi=150)
