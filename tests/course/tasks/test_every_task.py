"""What all tasks share: seeds decide, sizes are checked, pictures can be drawn and read."""

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.container import Container
from matplotlib.figure import Figure

from rnnref.course import tasks


def words(rng):
    return tasks.render_words(rng, tasks.random_words(rng, 5))


DRAW_DATA = {
    "running_sum": lambda rng: tasks.running_sum(rng, 7, 3),
    "larger_sum": lambda rng: tasks.larger_sum(rng, 7, 3),
    "parity": lambda rng: tasks.parity(rng, 7, 3),
    "window_sign": lambda rng: tasks.window_sign(rng, 7, 3),
    "adding_problem": lambda rng: tasks.adding_problem(rng, 7, 3),
    "copy_memory": lambda rng: tasks.copy_memory(rng, 7, 3, distractors=4, length=2),
    "noisy_sines": lambda rng: tasks.noisy_sines(rng, 7, 3),
    "switching_autoregression": lambda rng: tasks.switching_autoregression(rng, 7, 3),
    "mackey_glass": lambda rng: tasks.mackey_glass(rng, 7, 3),
    "sentiment_classification": lambda rng: tasks.sentiment_classification(rng, 9),
    "name_tagging": lambda rng: tasks.name_tagging(rng, 9),
    "date_translation": lambda rng: tasks.date_translation(rng, 9),
    "words": lambda rng: words(rng)[:2],
}


def arrays(data):
    return data if isinstance(data, tuple) else (data,)


@pytest.mark.parametrize("draw", DRAW_DATA.values(), ids=DRAW_DATA)
def test_the_seed_decides(draw):
    first, again, other = (arrays(draw(np.random.default_rng(seed))) for seed in (5, 5, 6))
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    assert any(not np.array_equal(one, new) for one, new in zip(first, other, strict=True))


@pytest.mark.parametrize("draw", DRAW_DATA.values(), ids=DRAW_DATA)
def test_numbers_are_float64_and_finite_and_ids_are_integers(draw):
    for array in arrays(draw(np.random.default_rng(0))):
        assert array.dtype == np.float64 or array.dtype.kind == "i"
        assert np.isfinite(array).all()


@pytest.mark.parametrize("name", [n for n in DRAW_DATA if n != "words"])
@pytest.mark.parametrize(
    ("value", "error", "message"),
    [(0, ValueError, "B must be at least 1, got 0"), (2.0, TypeError, "B must be an integer")],
)
def test_the_number_of_sequences_is_checked(name, value, error, message):
    rng = np.random.default_rng(0)
    sized = ("sentiment_classification", "name_tagging", "date_translation")
    arguments = (value,) if name in sized else (7, value)
    with pytest.raises(error, match=f"{name}: {message}"):
        getattr(tasks, name)(rng, *arguments)


TEXT = "hello hello "
VOCABULARY = tasks.Vocabulary.of(TEXT)
PICTURES = {
    "running_sum": lambda ax, rng: tasks.draw_running_sum(ax, *tasks.running_sum(rng, 9, 2)),
    "larger_sum": lambda ax, rng: tasks.draw_larger_sum(ax, *tasks.larger_sum(rng, 9, 2)),
    "parity": lambda ax, rng: tasks.draw_parity(ax, *tasks.parity(rng, 9, 2)),
    "window_sign": lambda ax, rng: tasks.draw_window_sign(ax, *tasks.window_sign(rng, 9, 2)),
    "adding_problem": lambda ax, rng: tasks.draw_adding_problem(
        ax, *tasks.adding_problem(rng, 9, 2)
    ),
    "copy_memory": lambda ax, rng: tasks.draw_copy_memory(ax, *tasks.copy_memory(rng, 40, 2)),
    "series": lambda ax, rng: tasks.draw_series(ax, tasks.noisy_sines(rng, 30, 2)),
    "regimes": lambda ax, rng: tasks.draw_series(
        ax, (drawn := tasks.switching_autoregression(rng, 30, 2))[0], regime=drawn[1]
    ),
    "batches": lambda ax, rng: tasks.draw_character_batches(
        ax, *tasks.character_batches(VOCABULARY.encode(TEXT), 1, 5), VOCABULARY
    ),
    "sentiment": lambda ax, rng: tasks.draw_sentiment_classification(ax, "the plot was hardly bad"),
    "names": lambda ax, rng: tasks.draw_name_tagging(ax, "Harry left", [1, 0]),
    "dates": lambda ax, rng: tasks.draw_date_translation(ax, "3rd May 1998", "1998-05-03"),
    "word": lambda ax, rng: tasks.draw_word(ax, words(rng), 1),
    "word as a whole": lambda ax, rng: tasks.draw_word(ax, words(rng), 1, boundaries=False),
    "segments": lambda ax, rng: tasks.draw_segments(ax, words(rng), 1),
}


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_a_picture_returns_its_artists_and_says_what_its_axes_are(draw):
    ax = Figure(figsize=(8, 3)).subplots()
    artists = draw(ax, np.random.default_rng(0))
    artists = artists if isinstance(artists, list) else [artists]
    assert artists
    assert all(isinstance(artist, Artist | Container) for artist in artists)
    assert "step $t$" in ax.get_xlabel()
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert ax.get_ylabel() or all(rows)
    ax.figure.canvas.draw()


def test_no_text_leaves_its_cell():
    ax = Figure(figsize=(8, 2), dpi=100).subplots()
    sentence = "last night we saw it and the film was not very good but the music was dreadful"
    tasks.draw_sentiment_classification(ax, sentence)
    ax.figure.canvas.draw()
    cells = [patch.get_window_extent() for patch in ax.patches]
    texts = [text.get_window_extent() for text in ax.texts]
    assert len(cells) == len(texts) == len(sentence.split()) + 5
    for cell, text in zip(cells, texts, strict=True):
        assert cell.x0 <= text.x0 <= text.x1 <= cell.x1


def test_the_public_names_are_all_there_are():
    assert len(set(tasks.__all__)) == len(tasks.__all__)
    assert all(hasattr(tasks, name) for name in tasks.__all__)
