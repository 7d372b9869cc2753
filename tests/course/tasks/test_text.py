"""Texts: loaded, encoded, split, cut into streams, and the bigram that is to be beaten."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnref.course.tasks import (
    Vocabulary,
    bigram_bits,
    character_batches,
    load_text,
    split_end,
)


class TestVocabulary:
    @given(st.text(min_size=1))
    def test_decoding_undoes_encoding(self, text):
        vocabulary = Vocabulary.of(text)
        ids = vocabulary.encode(text)
        assert vocabulary.decode(ids) == text
        assert set(ids.tolist()) == set(range(len(vocabulary)))

    def test_words_are_cut_at_spaces(self):
        vocabulary = Vocabulary(["good", "not"], separator=" ")
        np.testing.assert_array_equal(vocabulary.encode("not good"), [1, 0])
        np.testing.assert_array_equal(vocabulary.encode(["not", "good"]), [1, 0])
        assert vocabulary.decode(np.array([1, 0])) == "not good"

    def test_nothing_is_nothing(self):
        for vocabulary in (Vocabulary("ab"), Vocabulary(["ab"], separator=" ")):
            ids = vocabulary.encode("")
            assert ids.shape == (0,)
            assert ids.dtype.kind == "i"
            assert vocabulary.decode(ids) == ""

    def test_unknown_symbols(self):
        vocabulary = Vocabulary("ab?", unknown="?")
        assert vocabulary.decode(vocabulary.encode("abc")) == "ab?"
        with pytest.raises(ValueError, match=r"vocabulary's symbols \(ab\), got 'c'"):
            Vocabulary("ab").encode("abc")

    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            ("", {}, "symbols must hold at least 1 symbol, got none"),
            ("aba", {}, "symbols must be different, got 'a' twice"),
            ("ab", {"unknown": "c"}, "unknown must be one of the symbols, got 'c'"),
        ],
    )
    def test_what_is_no_vocabulary(self, arguments, options, message):
        with pytest.raises(ValueError, match=f"^Vocabulary: {message}"):
            Vocabulary(arguments, **options)

    @pytest.mark.parametrize(
        ("ids", "error", "message"),
        [
            ([0, 2], ValueError, "ids must lie in 0 … 1, got 2"),
            ([-1], ValueError, "ids must lie in 0 … 1, got -1"),
            ([0.0], TypeError, "ids must be integers, got float64"),
            ([[0]], ValueError, r"ids must have shape \(N,\), got \(1, 1\)"),
        ],
    )
    def test_ids_are_checked(self, ids, error, message):
        with pytest.raises(error, match=f"^Vocabulary.decode: {message}"):
            Vocabulary("ab").decode(ids)


class TestLoadText:
    def test_the_default_is_always_the_same(self):
        from pydoc_data.topics import topics

        text = load_text()
        assert text == load_text()
        assert len(text) == sum(map(len, topics.values())) + len(topics) - 1
        assert 80 < len(set(text)) < 150

    def test_a_file_of_ones_own(self, tmp_path):
        file = tmp_path / "own.txt"
        file.write_bytes("Größe\r\n".encode())
        assert load_text(file) == load_text(str(file)) == "Größe\n"

    def test_files_that_are_none(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="load_text: path must be a file, got"):
            load_text(tmp_path / "none.txt")
        with pytest.raises(FileNotFoundError, match="load_text: path must be a file, got"):
            load_text(tmp_path)
        file = tmp_path / "own.txt"
        file.write_bytes("Größe".encode("latin-1"))
        with pytest.raises(ValueError, match=r"own.txt must be in UTF-8, but its byte 2 is not"):
            load_text(file)
        file.write_bytes(b"")
        with pytest.raises(ValueError, match=r"own.txt must hold a text, but is empty"):
            load_text(file)


class TestCutting:
    def test_the_end_is_held_out(self):
        train, test = split_end(np.arange(100), 0.25)
        np.testing.assert_array_equal(train, np.arange(75))
        np.testing.assert_array_equal(test, np.arange(75, 100))
        with pytest.raises(ValueError, match=r"split_end: held_out must lie in 0 … 1, got 2"):
            split_end([1, 2], 2)

    @given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 40))
    def test_streams_go_on_and_targets_are_the_next_characters(self, B, T, more):
        ids = 3 * np.arange(B * T + 1 + more)
        x, y = character_batches(ids, B, T)
        assert x.shape == y.shape == ((len(ids) - 1) // (B * T), T, B)
        np.testing.assert_array_equal(y, x + 3)
        streams = x.reshape(-1, B)
        assert (np.diff(streams, axis=0) == 3).all()
        np.testing.assert_array_equal(np.sort(streams.T.ravel()), ids[: x.size])  # none twice
        assert not np.shares_memory(x, ids)

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ((range(6), 2, 3), ValueError, r"ids must be at least B·T \+ 1 = 7, got 6"),
            ((range(9), 0, 3), ValueError, "B must be at least 1, got 0"),
            ((range(9), 2, 1.5), TypeError, "T must be an integer, got float"),
            (([0.5, 1.5], 1, 1), TypeError, "ids must be integers, got float64"),
            (([-3, 1], 1, 1), ValueError, "ids must lie in 0 …, got -3"),
        ],
    )
    def test_errors(self, arguments, error, message):
        with pytest.raises(error, match=f"^character_batches: {message}"):
            character_batches(*arguments)


class TestBigram:
    @given(
        st.lists(st.integers(0, 3), max_size=30),
        st.lists(st.integers(0, 3), min_size=2, max_size=30),
        st.sampled_from([0.1, 1.0]),
    )
    def test_agrees_with_counting_one_by_one(self, train, test, add):
        pairs, firsts = Counter(itertools.pairwise(train)), Counter(train[:-1])
        bits = [
            -math.log2((pairs[a, b] + add) / (firsts[a] + 4 * add))
            for a, b in itertools.pairwise(test)
        ]
        train, test = np.array(train, int), np.array(test)
        assert bigram_bits(train, test, 4, add=add) == pytest.approx(sum(bits) / len(bits))

    def test_on_the_default_text_it_is_where_the_exercise_expects_it(self):
        text = load_text()
        vocabulary = Vocabulary.of(text)
        train, test = split_end(vocabulary.encode(text))
        assert 3.0 < bigram_bits(train, test, len(vocabulary)) < 3.6

    @pytest.mark.parametrize(
        ("train", "test", "add", "message"),
        [
            ([0], [1], 0.1, "test must hold at least 2 characters, got 1"),
            ([0], [1, 2], 0.1, "test must lie in 0 … 1, got 2"),
            ([0], [1, 1], 0.0, "add must be positive, got 0.0"),
        ],
    )
    def test_errors(self, train, test, add, message):
        with pytest.raises(ValueError, match=f"^bigram_bits: {message}"):
            bigram_bits(train, test, 2, add=add)
