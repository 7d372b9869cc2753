"""rnn_type: which task is of which type (course row R02)."""

from rnnref.engine.answers import Answers, Misreading

ONE_ONE = "one to one"
ONE_MANY = "one to many"
MANY_ONE = "many to one"
SYNCHRONOUS = "many to many, synchronous"
ASYNCHRONOUS = "many to many, asynchronous"

RIGHT = {
    "image classification": ONE_ONE,
    "image captioning": ONE_MANY,
    "sentiment": MANY_ONE,
    "video activity": MANY_ONE,
    "named entities": SYNCHRONOUS,
    "part-of-speech tags": SYNCHRONOUS,
    "next character": SYNCHRONOUS,
    "translation": ASYNCHRONOUS,
    "dialogue": ASYNCHRONOUS,
}

EXERCISE = Answers(
    name="rnn_type",
    points=5,
    right=RIGHT,
    choices=(ONE_ONE, ONE_MANY, MANY_ONE, SYNCHRONOUS, ASYNCHRONOUS),
    mistakes=(
        Misreading(
            "the arrow read backwards",
            {
                "image captioning": MANY_ONE,
                "sentiment": ONE_MANY,
                "video activity": ONE_MANY,
            },
            "the two words are right, but in the wrong order.",
            "The first word counts what goes in, the second what comes out.",
        ),
        Misreading(
            "synchronous and asynchronous exchanged",
            {
                "named entities": ASYNCHRONOUS,
                "part-of-speech tags": ASYNCHRONOUS,
                "next character": ASYNCHRONOUS,
                "translation": SYNCHRONOUS,
                "dialogue": SYNCHRONOUS,
            },
            "synchronous and asynchronous are mixed up.",
            "Synchronous: one output for each input, at the same step. Do the two lengths have to "
            "be equal?",
        ),
        Misreading(
            "a label for every frame",
            {"video activity": SYNCHRONOUS, "sentiment": SYNCHRONOUS},
            "in yours every frame (or word) gets a label of its own; a single one is asked for.",
            "Look at the shape of the output in the table: has it a time axis?",
        ),
        Misreading(
            "a picture as a sequence",
            {"image captioning": ASYNCHRONOUS, "image classification": MANY_ONE},
            "in yours a picture counts as many inputs.",
            "The picture is given at once, as one array: see the shape of the input in the table.",
        ),
        Misreading(
            "only the last character",
            {"next character": MANY_ONE},
            "in yours there is one prediction, after the last character.",
            "A language model guesses the next character after every character: look at the "
            "shapes.",
        ),
        Misreading(
            "words one at a time",
            {"named entities": ONE_ONE, "part-of-speech tags": ONE_ONE, "next character": ONE_ONE},
            "in yours each word or letter is taken alone, without its neighbours.",
            "The input is the whole sequence, and what a word is depends on the words around it.",
        ),
        Misreading(
            "one answer for a whole sentence",
            {"translation": MANY_ONE, "dialogue": MANY_ONE, "named entities": MANY_ONE},
            "in yours a whole sequence that comes out counts as one output.",
            "A sentence is a sequence of words: see the shape of the output in the table.",
        ),
    ),
)
