"""What a student gets back: complete, readable anywhere, without hidden tests or live HTML."""

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from rnnref.grader.feedback import Feedback
from rnnref.grader.gradebook import Mark, Marks
from rnnref.grader.markup import MAX_RENDERED, clean_html, clean_markdown, plain_text

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def feedback(answered, executed, source):
    """Feedback on a submission with these answers."""

    def make(marks=None, **answers):
        notebook, record = executed(answered(**answers))
        return Feedback("ada", record, source, marks, notebook)

    return make


class _Tags(HTMLParser):
    """Every start tag with its attributes, and whether the tags close each other."""

    VOID = frozenset({"meta", "br", "img", "hr", "link", "input"})

    def __init__(self, page):
        super().__init__()
        self.found, self.open = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def _text(page):
    return " ".join(
        html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)).split()
    )


def test_points_states_and_mistakes(feedback):
    page = feedback(double="HALF", triple="WRONG", why_linear="Because.").html()
    text = _text(page)
    assert "2 of 15 points so far; 5 more are still to be read by a person" in text
    assert "double ◐ right but for a special case 2 / 4" in text
    assert "triple ✗ not right yet: doubled twice 0 / 6" in text
    assert "why_linear ? a person will read it" in text


def test_the_page_needs_nothing_else(feedback):
    page = feedback(double="HALF").html()
    tags = _Tags(page)
    assert tags.open == []
    assert not {tag for tag, _ in tags.found} & {"script", "link", "img", "iframe", "base"}
    links = [a["href"] for tag, a in tags.found if tag == "a"]
    assert links
    ids = {a["id"] for _, a in tags.found if "id" in a}
    assert {link.removeprefix("#") for link in links} <= ids
    assert "://" not in page
    assert "url(" not in page


def test_light_dark_and_print(feedback):
    page = feedback().html()
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _colours(block):
    found = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", block))
    return {k: "#" + "".join(2 * c for c in v[1:]) if len(v) == 4 else v for k, v in found.items()}


def test_every_colour_can_be_read_on_its_page(feedback):
    blocks = re.findall(r":root \{(.*?)\}", feedback().html(), flags=re.S)
    assert len(blocks) == 3  # light, dark, print
    for block in blocks:
        colours = _colours(_colours_of_light(blocks) + block)
        for ink in ("ink", "soft", "right", "half", "wrong"):
            for paper in ("paper", "shade"):
                pair = sorted((_luminance(colours[ink]), _luminance(colours[paper])))
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (ink, paper, block)


def _colours_of_light(blocks):
    return blocks[0] + "; "


def test_hidden_tests_and_model_answers_do_not_show(feedback):
    shown = feedback(double="WRONG", why_linear="Because.")
    for text in (shown.html(), shown.markdown()):
        assert "check.hidden" not in text
        assert "HIDDEN" not in text
        assert "model answer" not in text


def test_what_the_student_wrote_is_text(feedback):
    answer = f"# {HOSTILE} HALF\ndef double(x): return '&'"
    page = feedback(double=answer, why_linear=HOSTILE).html()
    assert HOSTILE not in page
    assert answer in html.unescape(page)
    assert not [a for _, a in _Tags(page).found if any(key.startswith("on") for key in a)]


def test_names_and_notes_are_text_too(feedback):
    shown = feedback()
    shown = replace(
        shown, student=HOSTILE, record=replace(shown.record, notes=("Note | " + HOSTILE,))
    )
    assert HOSTILE not in shown.html()
    assert HOSTILE in html.unescape(shown.html())
    assert "<" not in shown.markdown()
    picture = replace(shown.record, notes=("![x](https://example.org/seen.png)",))
    assert "](" not in replace(shown, record=picture).markdown().replace("\\](", "")


def test_an_untouched_stub_is_not_shown_as_an_answer(feedback):
    page = feedback(double="WRONG").html()
    assert page.count("Your answer") == 1


def test_a_very_long_answer_is_cut(feedback):
    page = feedback(double="# HALF " + "x" * 1_000_000).html()
    assert len(page) < 100_000


def test_a_persons_marks_and_comments_go_first(feedback):
    marks = Marks(
        {
            "test_double": Mark(3.0, 4.0, by_person=True, waiting=False),
            "test_triple": Mark(0.0, 6.0, by_person=False, waiting=False),
            "why_linear": Mark(4.0, 5.0, by_person=True, waiting=False, comment="Good & short."),
        },
        penalty=1.0,
    )
    shown = feedback(marks, double="WRONG", triple="WRONG", why_linear="Because.")
    text = _text(shown.html())
    assert "6 of 15 points (1 taken off for handing in late)" in text
    assert "double ✗ not right yet; marked by a person: doubled twice 3 / 4" in text
    assert "why_linear ● read by a person 4 / 5" in text
    assert "Comment: Good & short." in text


def test_a_refused_submission_says_why(feedback):
    shown = feedback()
    record = replace(shown.record, state="refused", exercises=(), notes=("It is not JSON.",))
    shown = replace(shown, record=record, notebook=None)
    assert "could not be graded. What the grader noted It is not JSON." in _text(shown.html())
    assert "not graded" in shown.markdown()


def test_markdown_is_one_table(feedback):
    lines = feedback(double="def double(x): return x", triple="WRONG").markdown().splitlines()
    assert lines[0] == "# tiny: ada"
    assert lines[2] == "**4 of 15 points** so far; 5 more are still to be read by a person"
    assert "| ✓ | double | 4 / 4 | right |" in lines
    assert "| ✗ | triple | 0 / 6 | **doubled twice.** It is wrong & &lt;so>. |" in lines


HARMFUL = [
    HOSTILE,
    "<svg onload=alert(1)><path/></svg>",
    "<iframe src='https://example.org'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='https://example.org'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<img src='https://example.org/seen.png'>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "<img src='data:image/png;base64,xx\" onerror=\"alert(1)'>",
    "<p style='background: url(https://example.org/x)'>x</p>",
    "<p style='background: u\\72l(https://example.org/x)'>x</p>",
    "<p style='position: fixed; top: 0'>x</p>",
    "<style>@import 'https://example.org/x.css';</style>",
    "<link rel=stylesheet href='https://example.org/x.css'>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<form action='https://example.org'><button formaction=x>x</button></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<scr<script></script>ipt>alert(1)</script>",
    "<object data=x></object><embed src=x><video src=x></video>",
    "<!--<img src=x onerror=alert(1)>-->",
    "[x](javascript:alert(1)) ![y](https://example.org/seen.png)",
]


def _harmless(page):
    for tag, attributes in _Tags(page).found:
        assert tag not in {"script", "style", "iframe", "svg", "math", "link", "meta", "form",
                           "object", "embed", "video", "base", "button", "input"}  # fmt: skip
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"srcset", "action", "formaction", "data", "id", "name"}
            if name in ("src", "href"):
                assert re.match(r"#|data:image/(png|jpeg|gif);base64,", value)
            if name == "style":
                assert not re.search(r"url|\\|position", value)


@pytest.mark.parametrize("text", HARMFUL)
@pytest.mark.parametrize("clean", [clean_html, clean_markdown])
def test_harmful_html_is_disarmed(clean, text):
    _harmless(clean(text))


def test_our_reports_come_through(feedback):
    report = feedback(double="HALF").record.exercises[0].report_html
    cleaned = clean_html(report)
    assert _Tags(cleaned).found == _Tags(report).found or _text(cleaned) == _text(report)
    assert "border-left" in cleaned
    assert "rnnref-report" in cleaned


def test_markdown_with_mathematics_and_code_passes_through_twice():
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    text = "Let $a<b$ and\n\n$$\n\\sum_t x_t\n\n< 3\n$$\n\n```python\na = 1\n\n\nb = 2 < 3\n```\n"
    once = clean_markdown(text)
    assert "$a&lt;b$" in once
    assert "\n\n" not in once
    assert markdown2html_mistune(once).strip() == once


def test_markdown_that_cannot_be_read_is_shown_as_it_is():
    assert "attachment:none.png" in html.unescape(clean_markdown("![x](attachment:none.png) <b>"))
    _harmless(clean_markdown("![x](attachment:none.png) <img src=x onerror=y>"))


def test_a_script_without_an_end_reaches_to_the_end():
    # Each of these, looking for its end, would read the whole rest.
    assert clean_html("a" + "<script" * 4000) == "a"
    assert "<b>c</b>" in clean_html("a<script>b</script><b>c</b><style>")


@pytest.mark.parametrize("clean", [clean_html, clean_markdown])
def test_what_is_far_too_long_is_shown_and_not_parsed(clean):
    text = "<b>x</b>" * (MAX_RENDERED // 8 + 1)
    assert "<b>" not in clean(text)
    assert text in html.unescape(clean(text))
    assert len(plain_text("x" * 10_000_000)) < 1_000_000


ODD = "a\x00\x1b[31m\ud800\u202eb" + "x" * 1_000_000


def test_no_text_in_a_report_breaks_the_page(feedback):
    shown = feedback(double="WRONG", why_linear="a\x1b[31mb")
    wrong = replace(
        shown.record.exercises[0], sentence=ODD, mistake=ODD, report_html=html.escape(ODD)
    )
    record = replace(shown.record, exercises=(wrong,), notes=(ODD,) * 1000)
    shown = replace(shown, student=ODD, record=record)
    for text in (shown.html(), shown.markdown()):
        assert len(text.encode()) < 500_000
        assert not set("\x00\x1b\u202e") & set(text)
    assert record == type(record).from_json(record.to_json())
