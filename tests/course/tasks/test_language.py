"""Sentences and dates: labels agree with a second rule, and cannot be read off single words."""

import datetime
import re
from collections import defaultdict

import numpy as np
import pytest
from matplotlib.figure import Figure

from rnnref.course.tasks import (
    DATE_SOURCE,
    DATE_TARGET,
    NAME_EXAMPLE,
    NAME_WORDS,
    SENTIMENT_WORDS,
    date_pairs,
    date_translation,
    draw_date_translation,
    draw_name_tagging,
    name_sentences,
    name_tagging,
    rate_sentence,
    sentiment_classification,
)
from rnnref.course.tasks.dates import _FIRST, _FORMATS, _LAST, _write
from rnnref.course.tasks.names import _NEW_FIRST, _NEW_LAST, _TEMPLATES


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def decoded(vocabulary, ids, lengths):
    return [vocabulary.decode(ids[:n, b]) for b, n in enumerate(lengths)]


VALUES = {
    **dict.fromkeys("awful terrible dreadful".split(), -2),
    **dict.fromkeys("bad dull weak".split(), -1),
    **dict.fromkeys("ordinary average standard".split(), 0),
    **dict.fromkeys("good nice funny".split(), 1),
    **dict.fromkeys("brilliant wonderful superb".split(), 2),
}


class TestSentiment:
    def feeling(self, sentence):
        """The rule by one pattern that reads from left to right."""
        clauses = re.findall(
            r"was( not| hardly)?( very| really| slightly| rather)? (\w+)", sentence
        )
        counts = clauses[-1] if " but " in sentence else clauses[0]
        negated, degree, adjective = counts
        value = VALUES[adjective]
        sign = int(np.sign(value))
        if negated:
            return 2 - sign
        if degree.strip() in ("very", "really"):
            return 2 + 2 * sign
        return 2 + (sign if degree else value)

    def test_the_rating_agrees_with_another_rule(self, rng):
        ids, lengths, y = sentiment_classification(rng, 600)
        sentences = decoded(SENTIMENT_WORDS, ids, lengths)
        assert [self.feeling(sentence) for sentence in sentences] == y.tolist()
        assert [rate_sentence(sentence) for sentence in sentences] == y.tolist()

    def test_shapes_lengths_and_balance(self, rng):
        ids, lengths, y = sentiment_classification(rng, 2000)
        assert ids.shape == (lengths.max(), 2000)
        assert lengths.min() == 4
        assert lengths.max() == 19
        np.testing.assert_allclose(np.bincount(y) / 2000, 1 / 5, atol=0.04)
        assert not ids[np.arange(len(ids))[:, None] >= lengths].any()

    def test_the_order_of_the_same_words_decides(self, rng):
        ids, lengths, y = sentiment_classification(rng, 4000)
        pairs = [
            sentence.split(" but ")
            for sentence in decoded(SENTIMENT_WORDS, ids, lengths)
            if " but " in sentence
        ]
        changed = [
            rate_sentence(f"{first} but {second}") != rate_sentence(f"{second} but {first}")
            for first, second in pairs
        ]
        assert len(pairs) > 800
        assert np.mean(changed) > 0.6
        # Even who knows how often each word goes with each rating is far from sure.
        counts = np.ones((len(SENTIMENT_WORDS), 5))
        for b, n in enumerate(lengths[:2000]):
            counts[ids[:n, b], y[b]] += 1
        scores = np.log(counts / counts.sum(axis=0))
        guesses = [scores[ids[: lengths[b], b]].sum(axis=0).argmax() for b in range(2000, 4000)]
        assert 0.25 < np.mean(guesses == y[2000:]) < 0.75

    @pytest.mark.parametrize("sentence", ["", "the plot was long", "good but long"])
    def test_a_sentence_of_no_feeling_is_refused(self, sentence):
        with pytest.raises(ValueError, match="rate_sentence: the clause that counts must end in"):
            rate_sentence(sentence)


class TestNames:
    def test_the_sentence_of_the_documents(self):
        sentence, tags = NAME_EXAMPLE
        assert sentence == "Harry Potter and Hermione Granger invented a new spell"
        assert tags == (1, 1, 0, 1, 1, 0, 0, 0, 0)
        assert self.starred(sentence, tags) in _TEMPLATES
        assert NAME_WORDS.encode(sentence).all()  # all are known

    def starred(self, sentence, tags):
        """The sentence with a star for each name."""
        words = ["*" if t else w for w, t in zip(sentence.split(), tags, strict=True)]
        return " ".join(words).replace("* *", "*")

    @pytest.mark.parametrize("held_out", [False, True])
    def test_tags_agree_with_the_templates(self, rng, held_out):
        """Each sentence, with its names replaced by a star, is one of the templates."""
        for sentence, tag in zip(*name_sentences(rng, 500, held_out=held_out), strict=True):
            assert self.starred(sentence, tag) in _TEMPLATES

    def test_names_held_out_are_in_no_training_sentence(self, rng):
        new = {*_NEW_FIRST, *_NEW_LAST}
        seen, _ = name_sentences(rng, 2000)
        assert not new & set(" ".join(seen).split())
        held, tags = name_sentences(rng, 2000, held_out=True)
        names = {
            word
            for sentence, tag in zip(held, tags, strict=True)
            for word, t in zip(sentence.split(), tag, strict=True)
            if t
        }
        assert names == new
        assert not new & set(NAME_WORDS.symbols)

    def test_no_word_alone_tells_for_all(self, rng):
        kinds = defaultdict(set)
        for sentence, tag in zip(*name_sentences(rng, 3000), strict=True):
            for word, t in zip(sentence.split(), tag, strict=True):
                kinds[word].add(t)
        assert {word for word, tags in kinds.items() if len(tags) == 2} == {
            "Will",
            "Rose",
            "Mark",
            "Hope",
        }

    @pytest.mark.parametrize(("held_out", "unknown"), [(False, 0.0), (False, 0.4), (True, 0.0)])
    def test_ids_hide_a_share_of_the_names(self, rng, held_out, unknown):
        seed = rng.integers(100)
        sentences, tags = name_sentences(np.random.default_rng(seed), 500, held_out=held_out)
        ids, lengths, y = name_tagging(
            np.random.default_rng(seed), 500, held_out=held_out, unknown=unknown
        )
        assert lengths.tolist() == [len(tag) for tag in tags]
        for b, (sentence, n) in enumerate(zip(sentences, lengths, strict=True)):
            assert y[:n, b].tolist() == tags[b]
            found = ids[:n, b]
            hidden = found == 0
            assert not hidden[y[:n, b] == 0].any()
            np.testing.assert_array_equal(found[~hidden], NAME_WORDS.encode(sentence)[~hidden])
        assert abs(np.mean(ids[y == 1] == 0) - (1 if held_out else unknown)) < 0.06

    def test_errors(self, rng):
        with pytest.raises(ValueError, match="name_tagging: unknown must lie in 0 … 1, got 2"):
            name_tagging(rng, 3, unknown=2)
        with pytest.raises(ValueError, match="tags must be as many as words, 2, got 1"):
            draw_name_tagging(Figure().subplots(), "Harry left", [1])


class TestDates:
    PATTERNS = (
        ("%d %B %Y", "%d %b %Y", "%d %b %y", "the %dth of %B %Y", "%dth %B %Y", "%B %d, %Y")
        + ("%B the %dth, %Y", "%A, %d %b %y", "%A, %d %B %Y", "%A, the %dth of %B %Y")
        + ("%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%Y %B %d")
    )

    def read(self, text):
        """Read a date by the standard library; 50 … 68 are 1950 … 1968 here."""
        text = re.sub(r"(?<=\d)(st|nd|rd)", "th", text)
        for pattern in self.PATTERNS:
            try:
                day = datetime.datetime.strptime(text, pattern).date()
            except ValueError:
                continue
            return day.replace(year=day.year - 100) if day.year > 2049 else day
        raise AssertionError(f"no pattern reads {text!r}")

    def test_the_standard_library_reads_every_form(self, rng):
        pairs = date_pairs(rng, 600)
        for source, target in pairs:
            assert self.read(source).isoformat() == target
        days = [datetime.date.fromisoformat(target) for _, target in pairs]
        assert _FIRST <= min(days) < datetime.date(1952, 1, 1)
        assert datetime.date(2048, 1, 1) < max(days) <= _LAST

    def test_weekdays_and_endings_are_right(self):
        form = "{weekday}, the {d}{th} of {month} {year}"
        assert _write(datetime.date(1998, 5, 3), form) == "Sunday, the 3rd of May 1998"
        endings = [_write(datetime.date(2000, 1, d), "{d}{th}") for d in range(1, 32)]
        assert " ".join(endings) == (
            "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th 15th 16th 17th 18th 19th "
            "20th 21st 22nd 23rd 24th 25th 26th 27th 28th 29th 30th 31st"
        )

    def test_no_text_stands_for_two_dates(self):
        days = {}
        for number in range(_FIRST.toordinal(), _LAST.toordinal() + 1, 13):
            day = datetime.date.fromordinal(number)
            for form in _FORMATS:
                assert days.setdefault(_write(day, form), day) == day

    def test_days_held_out_are_never_trained_on(self, rng):
        train = {target for _, target in date_pairs(rng, 20000)}
        held = {target for _, target in date_pairs(rng, 5000, held_out=True)}
        assert not train & held
        assert len(held) > 2000

    def test_ids(self, rng):
        source, source_lengths, target, target_lengths = date_translation(rng, 300)
        assert source.shape == (source_lengths.max(), 300)
        assert target.shape == (11, 300)
        assert (target_lengths == 11).all()
        assert DATE_TARGET.decode([0, 1]) == "<>"
        pairs = date_pairs(np.random.default_rng(0), 300)
        texts = decoded(DATE_SOURCE, source, source_lengths)
        answers = decoded(DATE_TARGET, target, target_lengths)
        assert list(zip(texts, answers, strict=True)) == [(s, f"{t}>") for s, t in pairs]
        assert len(set(source_lengths)) > 10

    def test_every_date_can_be_written_in_the_alphabet(self):
        for form in _FORMATS:
            for day in range(_FIRST.toordinal(), _FIRST.toordinal() + 366):
                DATE_SOURCE.encode(_write(datetime.date.fromordinal(day), form))

    def test_the_picture_marks_the_same_fields_alike(self):
        ax = Figure().subplots()
        cells = draw_date_translation(ax, "3/5/1998", "1998-05-03")
        colours = [cell.get_facecolor() for cell in cells]
        year, month, day = colours[4], colours[2], colours[0]
        assert len({year, month, day}) == 3
        answer = colours[8:]
        assert answer[:4] == [year] * 4
        assert answer[5:7] == [month] * 2
        assert answer[8:10] == [day] * 2

    def test_a_picture_of_another_date_is_refused(self):
        with pytest.raises(ValueError, match=r"source must be 1998-05-03 in one of the forms"):
            draw_date_translation(Figure().subplots(), "4/5/1998", "1998-05-03")
