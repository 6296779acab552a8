"""A loss of one's own: written in ten lines, then checked, trained and drawn like the built-in ones.

Open it as a notebook, or run `python examples/own_loss.py`. Also:

    lossfn check examples/own_loss.py:SmoothQuantile --q 0.9
    lossfn train diabetes --loss examples/own_loss.py:SmoothQuantile --q 0.9 --model linear
"""

# %% The loss: its hyperparameters are fields, its formula uses the verbs of `m`

import lossfn as lf


class SmoothQuantile(lf.Pointwise):
    """The quantile loss with its corner rounded over `width`."""

    q: float = 0.5
    width: float = 0.1

    def formula(self, m, prediction, target):
        excess = prediction - target
        return self.width * m.softplus(excess / self.width) - self.q * excess


# %% Value, gradient and curvature follow

if __name__ == "__main__":
    import numpy as np

    loss = SmoothQuantile(q=0.9)
    gradient, hessian = loss.grad_and_hess([0.0, 0.5], [0.0, 0.0])
    print(f"{loss}: gradient {gradient.round(4)}, hessian {hessian.round(4)}")

# %% The laws the built-in losses keep

if __name__ == "__main__":
    lf.check(loss)
    print("keeps all laws")

# %% Newton's method finds the 90 % quantile of a sample, because every term has curvature

if __name__ == "__main__":
    sample = np.random.default_rng(0).exponential(size=100_000)
    level = sample.mean()
    for _ in range(20):
        gradient, hessian = loss.grad_and_hess(np.full_like(sample, level), sample)
        level -= gradient.sum() / hessian.sum()
    print(f"90 % of the sample lie below {level:.2f}; exactly: {np.quantile(sample, 0.9):.2f}")
