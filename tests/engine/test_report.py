"""What a person reads, and what nbgrader reads."""

from html.parser import HTMLParser

from rnnref.engine.report import Mark, Report, Row

REPORT = Report(
    "rnn_step",
    0.0,
    10.0,
    "wrong",
    "At zero input <b>yours</b> gives `0` & more.",
    "b missing",
    "One argument is not used.",
    (Row("T = 1 < 2", True), Row("H = 1", False), Row("D = H", None)),
)


class Tags(HTMLParser):
    """Collects what an HTML text consists of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_the_text_says_verdict_cases_mistake_and_offers_the_hint():
    text = REPORT.text()
    assert text.splitlines()[0] == "✗ rnn_step: not right yet (0 of 10 points)"
    assert "✓ T = 1 < 2" in text
    assert "✗ H = 1" in text
    assert "· D = H" in text
    assert "b missing: At zero input" in text
    assert "One argument" not in text
    assert "hint=True" in text
    assert "Hint: One argument is not used." in REPORT.text(hint=True)


def test_the_table_says_the_same_and_escapes_what_it_is_given():
    page = Tags(REPORT.html())
    assert "b" not in page.tags
    assert "script" not in page.tags
    assert "<b>yours</b>" in page.text
    assert {"table", "details", "code"} <= set(page.tags)
    for said in ("not right yet", "b missing", "T = 1 < 2", "One argument is not used."):
        assert said in page.text


def test_a_mark_is_the_number_to_nbgrader_and_the_table_to_jupyter():
    mark = Mark(REPORT)
    shown = mark._repr_mimebundle_()
    assert shown["text/plain"] == "0.0"
    assert float(shown["text/plain"]) == mark
    assert shown["text/html"] == REPORT.html()
