"""The given loop of problem set 7: what it does with a student's CTC, and what it says of it."""

import numpy as np
import pytest

from rnnref.checks import references
from rnnref.course.tasks import TEN_LETTERS
from rnnref.course.training import draw_words, train_words, word_scores, words

RIGHT = references("ps7_scene_text")


def quiet(line):
    """Show nothing."""


def train(function=RIGHT["ctc_loss_grad"], updates=2, progress=quiet, **more):
    return train_words(function, updates=updates, progress=progress, **more)


def test_the_words_are_short_and_of_the_alphabet():
    drawn = draw_words(np.random.default_rng(0), 50, letters="abc")
    assert drawn.alphabet == "abc"
    assert {len(label) for label in drawn.labels} == {3, 4, 5, 6}
    assert np.unique(np.concatenate(drawn.labels)).tolist() == [1, 2, 3]


@pytest.mark.parametrize("letters", ["l", "i", "j", "t", "f"])
def test_even_the_narrowest_word_has_frames_enough(letters):
    drawn = draw_words(np.random.default_rng(0), 200, letters=letters)
    _, _, counts = words._frames(drawn)
    assert np.all(counts >= [2 * len(label) - 1 for label in drawn.labels])


def test_the_gradients_are_those_of_the_scores():
    rng = np.random.default_rng(0)
    X, mask, _ = words._frames(draw_words(rng, 3))
    params = words._first_parameters(rng, 11)
    params = [array + 0.1 * rng.normal(size=array.shape) for array in params]
    O, cache = words._forward(params, X, mask)
    dO = rng.normal(size=O.shape) * mask
    for i, gradient in enumerate(words._backward(params, X, mask, cache, dO)):
        direction = rng.normal(size=gradient.shape)

        def loss(step, i=i, direction=direction):
            moved = [a + step * direction if j == i else a for j, a in enumerate(params)]
            return np.sum(words._forward(moved, X, mask)[0] * dO)

        slope = (loss(1e-6) - loss(-1e-6)) / 2e-6
        np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-4, atol=1e-4)


def test_a_word_is_read_alike_beside_longer_ones():
    params = train(updates=0)
    drawn = draw_words(np.random.default_rng(0), 4)
    shortest = int(np.argmin(drawn.lengths))
    length = drawn.lengths[shortest]
    alone = drawn._replace(
        images=drawn.images[:length, [shortest]], lengths=drawn.lengths[[shortest]]
    )
    np.testing.assert_allclose(word_scores(params, alone)[0], word_scores(params, drawn)[shortest])


def test_the_reader_has_its_shapes_and_follows_its_seed():
    first, again, other = train(seed=1), train(seed=1), train(seed=2)
    shapes = {name: array.shape for name, array in first.items()}
    layer = {"U": (32, 48), "W": (32, 32), "b": (32,)}
    assert shapes == {
        "F": (48, 384),
        "d": (48,),
        **{f"{name}{reader}": shape for reader in "fb" for name, shape in layer.items()},
        "V": (11, 64),
        "c": (11,),
    }
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["Wf"], other["Wf"])


def test_other_letters_make_other_scores():
    assert train(updates=1, letters="abcdefg")["V"].shape == (8, 64)


def test_the_loss_is_asked_for_each_word_by_itself():
    seen = []

    def ctc_loss_grad(logits, label):
        seen.append((logits.shape, label))
        return RIGHT["ctc_loss_grad"](logits, label)

    train(ctc_loss_grad, updates=1)
    assert len(seen) == 16
    assert all(shape[1] == 11 and type(label) is list for shape, label in seen)
    assert {letter for _, label in seen for letter in label} <= set(range(1, 11))
    assert len({shape[0] for shape, _ in seen}) > 1


def test_learning_lowers_the_loss_and_shows_what_is_read():
    lines = []
    train(updates=51, progress=lines.append, greedy_read=RIGHT["greedy_read"])
    assert len(lines) == 2
    losses = [float(line.split("loss ")[1].split(";")[0]) for line in lines]
    assert losses[1] < losses[0] / 2
    assert "is read as" in lines[0]
    assert set(lines[0].split("'")[1]) <= set(TEN_LETTERS)


def test_a_reader_that_fails_is_named_and_does_not_stop_the_training():
    def greedy_read(logp):
        raise NotImplementedError

    lines = []
    params = train(updates=1, progress=lines.append, greedy_read=greedy_read)
    assert "your greedy_read fails: NotImplementedError" in lines[0]
    assert all(np.array_equal(params[name], array) for name, array in train(updates=1).items())


def test_what_the_function_does_to_its_arguments_does_not_reach_the_loop():
    def spoiling(logits, label):
        result = RIGHT["ctc_loss_grad"](logits, label)
        logits[...] = 7
        label.clear()
        return result

    spoiled, right = train(spoiling), train()
    assert all(np.array_equal(spoiled[name], right[name]) for name in right)


def test_large_gradients_are_trained_with_and_do_not_overflow():
    params = train(lambda logits, label: (0.0, np.full_like(logits, 9e49)))
    assert all(np.isfinite(array).all() for array in params.values())


def test_a_function_that_is_not_written_is_named():
    def stub(logits, label):
        raise NotImplementedError

    with pytest.raises(NotImplementedError, match="ctc_loss_grad is not written yet"):
        train(stub)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda loss, dlogits: None, "should return loss, dlogits, it returned None"),
        (lambda loss, dlogits: dlogits, "should return loss, dlogits, it returned an array"),
        (lambda loss, dlogits: (loss, dlogits[:, 1:]), r"dlogits as an array of shape \(\d+, 11\)"),
        (lambda loss, dlogits: (loss, dlogits * np.nan), "dlogits with numbers that are not finit"),
        (lambda loss, dlogits: (np.inf, dlogits), "loss with numbers that are not finite"),
        (lambda loss, dlogits: (loss, dlogits * 1e200), "dlogits with .* or larger than 1e.50"),
        (lambda loss, dlogits: (None, dlogits), "loss as a number, it returned None"),
        (lambda loss, dlogits: (dlogits[0], dlogits), "loss as a number, it returned an array"),
    ],
)
def test_what_comes_back_wrong_is_said_in_the_functions_name(change, said):
    with pytest.raises(RuntimeError, match=f"your ctc_loss_grad .*{said}"):
        train(lambda *args: change(*RIGHT["ctc_loss_grad"](*args)))
