"""`TrainerLoss`: micro-batches divided by the count of the whole batch give its mean and gradient."""

import pickle

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import ArgumentError, OptionError
from peers import peer

pytestmark = pytest.mark.peer
torch = peer("torch")
TrainerLoss = peer("lossfn.torch").TrainerLoss
K = 7
CLASSES = [
    lf.CrossEntropy(ignore_index=-100),
    lf.CrossEntropy(ignore_index=-100, label_smoothing=0.1),
    lf.Focal(ignore_index=-100),
]


def tokens(rng, rows=6, length=5):
    """Logits, and labels of which rows have ever more ignored."""
    logits, labels = rng.normal(0, 2, (rows, length, K)), rng.integers(0, K, (rows, length))
    for row in range(rows):
        labels[row, :row] = -100
    return torch.tensor(logits, requires_grad=True), torch.tensor(labels)


def train(compute_loss, logits, labels, sizes, shift):
    """Do with micro-batches what the Trainer does: count over all of them, backward one by one, no other division."""
    parts = list(zip(logits.split(sizes), labels.split(sizes), strict=True))
    count = sum((y[..., 1:] if shift else y).ne(-100).sum() for _, y in parts)
    logits.grad, total = None, 0.0
    for x, y in parts:
        value = compute_loss({"logits": x}, y, num_items_in_batch=count)
        value.backward()
        total += value.item()
    return total, logits.grad


@pytest.mark.parametrize("sizes", [[6], [1, 5], [1] * 6, [4, 2]])
@pytest.mark.parametrize("shift", [False, True])
@pytest.mark.parametrize("loss", CLASSES, ids=repr)
def test_accumulated_gradients_are_those_of_the_batch(loss, shift, sizes, rng):
    logits, labels = tokens(rng)
    value, slope = train(TrainerLoss(loss, shift=shift), logits, labels, sizes, shift)
    scores, truth = logits.detach().numpy(), labels.numpy()
    scores, truth = (scores[:, :-1], truth[:, 1:]) if shift else (scores, truth)
    expected, gradient = loss.value_and_grad(np.ascontiguousarray(scores), truth)
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    np.testing.assert_allclose(slope[:, : len(scores[0])], gradient, rtol=1e-12, atol=1e-16)
    assert not slope[:, len(scores[0]) :].any()


def test_elements_ignore_the_same_label(rng):
    logits, labels = torch.tensor(rng.normal(0, 1, (6, 1)), requires_grad=True), torch.tensor(rng.normal(0, 1, 6))
    labels[2] = -100
    value, slope = train(TrainerLoss(lf.Huber()), logits, labels, [4, 2], False)
    kept = labels != -100
    expected = lf.Huber()(logits[:, 0][kept], labels[kept])
    np.testing.assert_allclose(value, expected.item(), rtol=1e-14)
    assert not slope[2].any()


def test_without_a_count_the_mean_is_returned(rng):
    logits, labels = tokens(rng)
    compute_loss = TrainerLoss(CLASSES[0])
    assert compute_loss({"logits": logits}, labels) == CLASSES[0](logits, labels)
    assert compute_loss((logits, "hidden states"), labels, num_items_in_batch=None) == CLASSES[0](logits, labels)


@pytest.mark.parametrize("count", [0, torch.tensor(0)])
def test_a_batch_of_ignored_labels_costs_nothing(count, rng):
    logits, labels = tokens(rng)
    value = TrainerLoss(CLASSES[0])({"logits": logits}, torch.full_like(labels, -100), num_items_in_batch=count)
    value.backward()
    assert value == 0
    assert not logits.grad.any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_widened(dtype, rng):
    logits, labels = tokens(rng, 60)
    narrow = logits.detach().to(getattr(torch, dtype)).requires_grad_()
    value = TrainerLoss(CLASSES[0])({"logits": narrow}, labels, num_items_in_batch=len(labels))
    value.backward()
    assert value.dtype == torch.float32
    assert narrow.grad.dtype == narrow.dtype


@pytest.mark.parametrize("loss", [lf.CrossEntropy(), lf.CrossEntropy(ignore_index=0), lf.KLFromLogits()], ids=repr)
def test_a_loss_the_count_does_not_fit_is_refused(loss):
    with pytest.raises(OptionError, match="the Trainer counts"):
        TrainerLoss(loss)


def test_missing_labels_are_told():
    with pytest.raises(ArgumentError, match="label_names"):
        TrainerLoss(CLASSES[0])({"logits": torch.zeros(2, K)}, None)


def test_it_is_pickled():
    compute_loss = TrainerLoss(CLASSES[1], shift=True)
    assert pickle.loads(pickle.dumps(compute_loss)) == compute_loss


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # transformers' own, and accelerate's
@pytest.mark.parametrize("steps", [1, 3])
def test_the_trainer_itself_accumulates(steps, tmp_path):
    transformers = peer("transformers")
    config = transformers.GPT2Config(vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=1, use_cache=False)
    data = [{"input_ids": torch.arange(8) + row, "labels": (torch.arange(8) + row).clamp(max=10)} for row in range(3)]
    for row, example in enumerate(data):
        example["input_ids"] = example["input_ids"].clamp(max=10)
        example["labels"] = torch.where(torch.arange(8) < 2 * row, -100, example["labels"])

    def trained(compute_loss):
        torch.manual_seed(0)
        options = {"num_train_epochs": 2, "learning_rate": 0.1, "optim": "sgd", "report_to": [], "use_cpu": True}
        options |= {"per_device_train_batch_size": 3 // steps, "gradient_accumulation_steps": steps}
        arguments = transformers.TrainingArguments(str(tmp_path), save_strategy="no", disable_tqdm=True, **options)
        model = transformers.GPT2LMHeadModel(config)
        transformers.Trainer(model, arguments, train_dataset=data, compute_loss_func=compute_loss).train()
        return dict(model.named_parameters())

    ours, theirs = trained(TrainerLoss(CLASSES[0], shift=True)), trained(None)
    for name, parameter in theirs.items():
        torch.testing.assert_close(ours[name], parameter, rtol=1e-5, atol=1e-7)
