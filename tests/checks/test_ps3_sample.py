"""Mistakes of `sample` get their names however the student draws."""

import numpy as np
import pytest

from rnnref.checks import TableJudge


@pytest.fixture(scope="module")
def judge():
    return TableJudge("ps3_bptt")


def softmax(o):
    p = np.exp(o - o.max())
    return p / p.sum()


def by_choice(scores):
    """A plain solution that draws by rng.choice, its scores changed by a slip."""

    def sample(first_id, h0, U, W, V, b, c, n, rng, temperature=1.0):
        ids, x, h = np.zeros(n, int), first_id, h0
        for i in range(n):
            h = np.tanh(U[:, x] + W @ h + b)
            x = ids[i] = rng.choice(len(c), p=softmax(scores(V @ h + c, temperature)))
        return ids

    return sample


@pytest.mark.parametrize(
    ("scores", "mistake"),
    [
        (lambda o, temperature: o / temperature, None),
        (lambda o, temperature: o, "the temperature is not used"),
        (lambda o, temperature: o * temperature, "the temperature multiplies"),
        (lambda o, temperature: 0 * o, "all letters equally likely"),
    ],
)
def test_the_way_of_drawing_does_not_matter(judge, scores, mistake):
    report = judge.report("sample", by_choice(scores))
    assert report.mistake == mistake, report.sentence
    assert (report.state == "right") is (mistake is None)
    assert "Something more" not in report.sentence
