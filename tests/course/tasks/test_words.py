"""Rendered words: what is in the image, where it is, and how well equal cuts read it."""

import itertools
from string import ascii_lowercase

import numpy as np
import pytest

from rnnref.course.tasks import (
    EASY_STYLE,
    TEN_LETTERS,
    WordStyle,
    fit_fixed_width_reader,
    listed_words,
    random_words,
    read_fixed_width,
    render_words,
    segments,
    word_vocabulary,
)
from rnnref.course.tasks.glyphs import FONTS, glyph, line
from rnnref.course.tasks.spelling import WORDS

CLEAR = {"contrast": (1.0, 1.0), "noise": (0.0, 0.0)}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


class TestGlyphs:
    @pytest.mark.parametrize("font", FONTS)
    def test_letters_stand_on_their_line(self, font):
        above, below = line(font, 22, ascii_lowercase)
        for letter in ascii_lowercase:
            g = glyph(font, 22, 0.0, letter)
            under = g.ink.shape[1] - g.above
            assert g.above <= above
            assert under <= below
            if letter in "hiklmnrxz" and font != "STIXGeneralItalic":
                assert 0 <= under <= 1
            if letter in "gpqy":
                assert under >= 3
            assert 0 <= g.ink.min() < 0.5 < g.ink.max() <= 1

    def test_a_slanted_letter_has_the_ink_of_the_upright_one(self):
        upright, slanted = (glyph("DejaVuSans", 22, slant, "l") for slant in (0.0, 0.2))
        np.testing.assert_allclose(slanted.ink.sum(axis=0), upright.ink.sum(axis=0))
        columns = np.arange(len(slanted.ink)) + slanted.left
        middles = (columns[:, None] * slanted.ink).sum(axis=0) / slanted.ink.sum(axis=0)
        np.testing.assert_allclose(np.diff(middles), -0.2, atol=0.02)  # to the left, downwards

    def test_two_letters_look_different_in_every_font(self):
        for font in FONTS:
            inks = {glyph(font, 20, 0.0, letter).ink.tobytes() for letter in ascii_lowercase}
            assert len(inks) == 26

    @pytest.mark.parametrize(
        ("font", "letter", "message"),
        [
            ("Arial", "a", "font must be one that comes with Matplotlib, got 'Arial'"),
            ("cmr10", "я", "character must be one that cmr10 has, got 'я'"),
        ],
    )
    def test_errors(self, font, letter, message):
        with pytest.raises(ValueError, match=f"^glyph: {message}"):
            glyph(font, 20, 0.0, letter)


class TestSpelling:
    @pytest.mark.parametrize("doubles", [0.01, 0.3, 1.0])
    def test_random_words(self, rng, doubles):
        words = random_words(rng, 200, alphabet=TEN_LETTERS, doubles=doubles)
        assert set(map(len, words)) == {3, 4, 5, 6}
        assert set("".join(words)) == set(TEN_LETTERS)
        doubled = [any(a == b for a, b in itertools.pairwise(w)) for w in words]
        assert sum(doubled) >= max(1, round(doubles * 200))

    def test_one_word_can_be_asked_for_a_double(self, rng):
        (word,) = random_words(rng, 1, lengths=(2, 2), doubles=0.01)
        assert word[0] == word[1]

    def test_listed_words(self, rng):
        assert set(listed_words(rng, 2000)) == set(WORDS)
        few = set(listed_words(rng, 500, alphabet=TEN_LETTERS))
        assert "letter" in few
        assert set("".join(few)) <= set(TEN_LETTERS)
        assert "simply" in WORDS  # the documents' example
        assert all(set(word) <= set(ascii_lowercase) for word in WORDS)
        assert len(set(WORDS)) == len(WORDS)

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ({"alphabet": ""}, ValueError, "the alphabet's size must be at least 1, got 0"),
            ({"lengths": (4, 3)}, ValueError, r"lengths\[1\] must be at least 4, got 3"),
            ({"lengths": (1, 3)}, ValueError, r"lengths\[0\] must be at least 2, got 1"),
            ({"lengths": (2.5, 3)}, TypeError, r"lengths\[0\] must be an integer, got float"),
            ({"doubles": 1.5}, ValueError, "doubles must lie in 0 … 1, got 1.5"),
        ],
    )
    def test_errors(self, rng, arguments, error, message):
        with pytest.raises(error, match=f"^random_words: {message}"):
            random_words(rng, 3, **arguments)

    def test_no_word_of_the_list_in_an_alphabet(self, rng):
        with pytest.raises(ValueError, match="listed_words: alphabet must allow a word"):
            listed_words(rng, 3, alphabet="xz")


class TestRenderWords:
    def test_shapes_and_ranges(self, rng):
        spelt = random_words(rng, 40)
        words = render_words(rng, spelt, height=24)
        T = words.lengths.max()
        assert words.images.shape == (T, 40, 24)
        assert words.images.min() >= 0
        assert words.images.max() <= 1
        after = np.arange(T)[:, None] >= words.lengths
        assert not words.images[after].any()
        assert len(set(words.lengths.tolist())) > 20
        vocabulary = word_vocabulary()
        assert [vocabulary.decode(label) for label in words.labels] == spelt
        assert min(label.min() for label in words.labels) >= 1  # 0 is the blank's

    def test_the_boundaries_hold_all_ink_and_begin_with_it(self, rng):
        style = WordStyle(**CLEAR, spacing=(3.0, 5.0), slants=(0.0,))
        words = render_words(rng, random_words(rng, 60), style=style)
        for b, (starts, ends) in enumerate(zip(words.starts, words.ends, strict=True)):
            ink = words.images[: words.lengths[b], b].any(axis=1)
            inside = np.zeros(len(ink), bool)
            for start, end in zip(starts, ends, strict=True):
                inside[start:end] = True
                assert ink[start]
                assert ink[end - 1]
            assert not ink[~inside].any()
            assert (np.diff(starts) > 0).all()
            assert starts[0] >= 1
            assert ends[-1] < words.lengths[b]

    def test_no_letter_is_cut_off(self, rng):
        """In every look each letter's ink is all there, up to what overlaps."""
        style = WordStyle(**CLEAR)
        spelt = [letter for letter in ascii_lowercase for _ in range(8)]
        words = render_words(rng, spelt, height=20, style=style)
        sums = words.images.sum(axis=(0, 2))
        possible = {
            letter: [
                glyph(font, round(size * 20), slant, letter).ink.sum()
                for font in style.fonts
                for size in style.sizes
                for slant in style.slants
            ]
            for letter in ascii_lowercase
        }
        for letter, found in zip(spelt, sums, strict=True):
            assert np.abs(np.array(possible[letter]) - found).min() < 1e-9

    def test_every_word_has_room_for_a_path_of_ctc(self, rng):
        """Columns suffice for a label and a blank per letter after halving them twice."""
        words = render_words(rng, ["l" * 6] * 50 + ["i" * 6] * 50)
        assert (words.lengths // 4 >= 6).all()
        assert (words.lengths // 2 >= 11).all()

    def test_noise_and_contrast_are_as_asked(self, rng):
        style = WordStyle(contrast=(0.5, 0.5), noise=(0.05, 0.05), sizes=(0.6,))
        words = render_words(rng, ["noon"] * 30, style=style)
        spread = [words.images[: words.lengths[b], b, 0].std() for b in range(30)]
        middle = [words.images[: words.lengths[b], b, 0].mean() for b in range(30)]
        plain = np.array(middle) > 0.15  # elsewhere the noise is cut at 0
        assert abs(np.mean(np.array(spread)[plain]) - 0.05) < 0.01
        assert max(middle) < 0.55
        clear = render_words(rng, ["noon"] * 5, style=WordStyle(**CLEAR))
        assert set(np.unique(clear.images.max(axis=(0, 2)) > 0.8)) == {True}

    @pytest.mark.parametrize("style", [None, EASY_STYLE])
    @pytest.mark.parametrize("height", [16, 24, 32])
    def test_both_styles_fit_every_usual_height(self, rng, style, height):
        words = render_words(rng, random_words(rng, 100), height=height, style=style)
        assert words.images.shape[1:] == (100, height)

    def test_any_characters_of_the_fonts_can_be_an_alphabet(self, rng):
        words = render_words(rng, ["Ä|", "g7"], alphabet="7gÄ|", style=WordStyle(**CLEAR))
        assert [label.tolist() for label in words.labels] == [[3, 4], [2, 1]]

    def test_labels_follow_the_alphabet(self, rng):
        words = render_words(rng, ["ba"], alphabet="ab")
        np.testing.assert_array_equal(words.labels[0], [2, 1])
        assert words.alphabet == "ab"

    @pytest.mark.parametrize(
        ("words", "options", "message"),
        [
            ([], {}, "the number of words must be at least 1, got 0"),
            (["ab", ""], {}, "words must be of the letters .*, got ''"),
            (["abc"], {"alphabet": "ab"}, "words must be of the letters 'ab', got 'abc'"),
            (["a"], {"height": 8}, "height must be at least 16, got 8"),
            (["a"], {"style": WordStyle(sizes=(2.0,))}, r"letters of .* need \d+ rows, but height"),
        ],
    )
    def test_errors(self, rng, words, options, message):
        with pytest.raises(ValueError, match=f"^render_words: {message}"):
            render_words(rng, words, **options)


class TestSegments:
    def test_each_cut_is_around_its_letter(self, rng):
        style = WordStyle(**CLEAR, spacing=(12.0, 14.0), slants=(0.0,), fonts=("DejaVuSans",))
        words = render_words(
            rng, random_words(rng, 30, alphabet="abc"), alphabet="abc", style=style
        )
        x, lengths, y = segments(words, width=22)
        assert x.shape == (lengths.max(), 30, 22, 32)
        for b, n in enumerate(lengths):
            np.testing.assert_array_equal(y[:n, b], words.labels[b] - 1)
            assert not x[n:, b].any()
            for i in range(n):
                columns = np.flatnonzero(x[i, b].any(axis=1))
                assert abs((columns[0] + columns[-1] + 1) / 2 - 11) <= 1  # in the middle
                width = words.ends[b][i] - words.starts[b][i]
                assert len(columns) == width

    def test_the_reader_reads_letters_of_equal_width_and_fails_on_others(self, rng):
        def drawn(style):
            spelt = random_words(rng, 400, alphabet=TEN_LETTERS)
            return render_words(rng, spelt, alphabet=TEN_LETTERS, style=style)

        def right(style):
            reader = fit_fixed_width_reader(drawn(style))
            new = drawn(style)
            found = read_fixed_width(reader, new.images, new.lengths)
            assert all(1 <= ids.min() <= ids.max() <= 10 for ids in found)
            return np.mean([np.array_equal(*pair) for pair in zip(found, new.labels, strict=True)])

        plain = {"sizes": (0.69,), "slants": (0.0,), "spacing": (0.0, 0.0)}
        assert right(WordStyle(fonts=("DejaVuSansMono",), **plain, **CLEAR)) > 0.7
        assert right(WordStyle()) < 0.3

    def test_errors(self, rng):
        words = render_words(rng, ["ab", "ba"], alphabet="abc")
        with pytest.raises(ValueError, match="segments: width must be at least 1, got 0"):
            segments(words, width=0)
        with pytest.raises(ValueError, match=r"must have every letter, but 'c' does not occur"):
            fit_fixed_width_reader(words)
        reader = fit_fixed_width_reader(render_words(rng, ["ab"], alphabet="ab"))
        with pytest.raises(ValueError, match="images must have height 32, got 16"):
            read_fixed_width(reader, np.zeros((9, 1, 16)), np.array([9]))
