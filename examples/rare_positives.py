"""One positive in a hundred: the focal loss ranks them, its own slopes turn scores into probabilities.

Run `python examples/rare_positives.py`; it needs the extras `sklearn` and `plot`, and draws rare_positives.png.
"""

# %% A focal loss sharpens: sigmoid(score) is not the share of positives, but the share that balances the slopes is

import lossfn as lf

FOCAL = lf.BinaryFocal(gamma=2.0)
SHARE = 0.01


def probability(loss, score):
    """The p for which this score is the best one: p·slope(label 1) + (1 - p)·slope(label 0) = 0."""
    of_one, of_zero = (loss.grad_and_hess(score, 0.0 * score + label)[0] for label in (1.0, 0.0))
    return of_zero / (of_zero - of_one)


# %% Is a digit a three? Threes are thinned out to 1 % for training; in the test all count, with the weight of 1 %


def split(digits, rng):
    """Rows to train on, rows to test on, and the weights of these."""
    threes, others = (rng.permutation(np.flatnonzero((digits == 3) == wanted)) for wanted in (True, False))
    first, few = int(0.6 * len(others)), round(0.6 * len(others) * SHARE / (1 - SHARE))
    train, test = np.concatenate([others[:first], threes[:few]]), np.concatenate([others[first:], threes[few:]])
    rare = SHARE / (1 - SHARE) * (len(others) - first) / (len(threes) - few)
    return train, test, np.where(digits[test] == 3, rare, 1.0)


# %% Two losses on twenty splits: how well they rank, and what their probabilities cost

if __name__ == "__main__":
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.metrics import average_precision_score

    from lossfn.sklearn import LossClassifier

    X, digits = load_digits(return_X_y=True)
    y, rng = (digits == 3).astype(int), np.random.default_rng(0)
    cost, losses = lf.BinaryCrossEntropy(), {"cross-entropy": lf.BinaryCrossEntropyWithLogits(), "focal": FOCAL}
    pooled, scores = [], {name: [] for name in losses}
    for train, test, weight in (split(digits, rng) for _ in range(20)):
        pooled.append((y[test], weight))
        for name, loss in losses.items():
            model = LossClassifier(loss, alpha=1e-3).fit(X[train] / 16, y[train])
            scores[name].append(model.decision_function(X[test] / 16))

    truth, weight = (np.concatenate(parts) for parts in zip(*pooled, strict=True))
    readings = {
        "cross-entropy": lf.sigmoid,
        "focal": lf.sigmoid,
        "focal, recalibrated": lambda score: probability(FOCAL, score),
    }
    print(f"{'':26}{'average precision':>18}{'mean probability':>18}{'log loss':>10}")
    for name, reading in readings.items():
        parts = zip(pooled, scores[name.partition(",")[0]], strict=True)
        ranks, told = [], []
        for (labels, weights), score in parts:
            ranks.append(average_precision_score(labels, score, sample_weight=weights))
            told.append(reading(score))
        p = np.concatenate(told)
        mean, loss = np.average(p, weights=weight), cost(p, truth, sample_weight=weight)
        print(f"{name:26}{np.mean(ranks):18.3f}{mean:18.4f}{loss:10.4f}")

# %% The picture: what a score means

if __name__ == "__main__":
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(6.5, 4), layout="constrained")
    score = np.concatenate(scores["focal"])
    edges = np.arange(-5.0, 2.01, 0.5)
    cell = np.digitize(score, edges)
    shown = [k for k in range(1, len(edges)) if (cell == k).sum() > 50]
    middle, seen = ([np.average(x[cell == k], weights=weight[cell == k]) for k in shown] for x in (score, truth))
    line = np.linspace(-5.0, 2.5, 301)
    axis.plot(line, lf.sigmoid(line), "--", label="sigmoid of the score")
    axis.plot(line, probability(FOCAL, line), label="share that balances the slopes")
    axis.plot(middle, seen, "ko", label="share of positives seen")
    axis.set(title="What a score of the focal loss means", xlabel="score", ylabel="probability of a positive")
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig("rare_positives.png", dpi=150)
