"""From a cost to a fitted model: forecasts that are too high cost twice as much as those too low.

Run `python examples/asymmetric_cost.py`; it needs the `sklearn` extra.
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
    cost = Cost()
    print(f"{'mean cost':20}{'squared error':>15}{'the cost':>10}")
    for name, model in {
        "linear": lambda loss: LossRegressor(loss, alpha=0.0),
        "boosted trees": lambda loss: HistGradientBoostingRegressor(loss=HistLoss(loss), max_iter=40, max_depth=3),
        "network": lambda loss: MLPRegressor(loss, early_stopping=True, random_state=0),
    }.items():
        usual, own = (
            -cross_val_score(model(loss), X, y, scoring=cost.scorer(), cv=5).mean() for loss in ("squared_error", cost)
        )
        print(f"{name:20}{usual:15.1f}{own:10.1f}")
