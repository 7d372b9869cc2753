"""The web site: complete, with links that lead somewhere, and nothing loaded from outside."""

import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import rnnref
from docs import errata
from rnnref.checks import problem_sets, table
from tools.notebooks.build import find_sources

ROOT = Path(__file__).resolve().parents[1]
SOURCES = find_sources(ROOT)
LECTURES = {source.name: source for source in SOURCES if not source.graded}
SETS = {source.name: source for source in SOURCES if source.graded}
LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href")}


class Page(HTMLParser):
    """What a page loads, where it links, what can be linked to, and its pictures."""

    def __init__(self, path):
        super().__init__()
        self.loads, self.links, self.ids, self.images, self.text = [], [], set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.update(given[key] for key in ("id", "name") if given.get(key))
        if tag == "img":
            self.images.append(given)
        for key, value in attributes:
            if (tag, key) in LOADED:
                self.loads.append(value)
            elif tag == "a" and key == "href":
                self.links.append(value)

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def site():
    """The folder of the built site."""
    pytest.importorskip("myst_nb", reason="the extra `site` is not installed: make site")
    done = subprocess.run([sys.executable, "-m", "docs"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ROOT / "build/site"


@cache
def read(path):
    """A page, parsed once."""
    return Page(path)


def pages(site):
    """All pages."""
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


@pytest.mark.slow
def test_no_page_loads_anything_from_outside(site):
    outside = {
        (path.name, address)
        for path in pages(site)
        for address in read(path).loads
        if urlsplit(address).scheme not in ("", "data") or address.startswith("//")
    }
    assert outside == set()
    for path in sorted(site.glob("_static/**/*.css")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(url\(|@import)\s*[\"']?\s*(https?:)?//", text), path


@pytest.mark.slow
def test_every_link_and_everything_loaded_is_there(site):
    broken = set()
    for path in pages(site):
        for address in (*read(path).links, *read(path).loads):
            parts = urlsplit(address)
            if parts.scheme or address in ("", "#"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                broken.add((path.name, address))
            elif target.suffix == ".html" and parts.fragment:
                known = read(target).ids
                broken |= set() if unquote(parts.fragment) in known else {(path.name, address)}
    assert broken == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", LECTURES)
def test_a_lecture_has_its_page_with_figures_and_alt_texts(site, name):
    page = read(site / f"lectures/{name}.html")
    figures = [image for image in page.images if (image.get("id") or "").startswith("figure-")]
    assert figures
    assert all(len(image["alt"]) > 20 for image in figures)
    start = read(site / "index.html").links
    assert f"lectures/{name}.html" in start
    for image in figures:
        assert f"lectures/{name}.html#{image['id']}" in read(site / "figures.html").links
    shown = LECTURES[name].read().cells[0].source.split("\n")[0].removeprefix("# ")
    assert re.sub(r"[^\w]", "", shown) in re.sub(r"[^\w]", "", "".join(page.text))


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_a_problem_set_has_its_page_without_answers(site, name):
    address = f"assignments/{name}/{name}.html"
    page = read(site / address)
    assert address in read(site / "index.html").links
    text = "".join(page.text)
    assert "YOUR CODE HERE" in text
    assert "BEGIN SOLUTION" not in text
    assert "check.hidden" not in text


@pytest.mark.slow
def test_no_equation_is_wrapped_in_what_bears_no_number(site):
    for path in pages(site):
        assert r"\begin{split}" not in path.read_text(encoding="utf-8"), path


@pytest.mark.slow
def test_every_public_name_has_its_entry(site):
    ids = {one for path in (site / "api").rglob("*.html") for one in read(path).ids}
    assert {f"rnnref.{name}" for name in rnnref.__all__} <= ids


@pytest.mark.slow
def test_each_erratum_stands_on_its_page_with_its_cell(site):
    page = read(site / "errata.html")
    cells = errata.places(errata.read())
    for lecture, targets in cells.items():
        for target in targets.values():
            assert f"lectures/{lecture}.html#{target}" in page.links


@pytest.mark.slow
def test_mistakes_stand_with_their_sentence_and_without_hint(site):
    text = re.sub(r"\W", "", "".join(read(site / "mistakes.html").text))
    said = [m for name in problem_sets() for e in table(name).values() for m in _mistakes(e)]
    assert len(said) > 100
    hints = {re.sub(r"\W", "", mistake.hint) for mistake in said}
    sentences = {re.sub(r"\W", "", mistake.says) for mistake in said}
    assert all(sentence in text for sentence in sentences)
    long = {hint for hint in hints if len(hint) > 60}
    assert [hint for hint in long if hint in text and not any(hint in s for s in sentences)] == []


def _mistakes(exercise):
    return getattr(exercise, "mistakes", ())


@pytest.mark.parametrize("entry", errata.read(), ids=lambda entry: entry.get("cell", "none"))
def test_the_cell_of_an_erratum_exists(entry):
    assert {"slides", "wrong", "right"} <= set(entry) <= {
        "slides", "wrong", "right", "lecture", "cell",
    }  # fmt: skip
    assert ("lecture" in entry) == ("cell" in entry)
    if "cell" in entry:
        cells = LECTURES[entry["lecture"]].read().cells
        first_lines = [c.source.split("\n")[0] for c in cells if c.cell_type == "code"]
        assert first_lines.count(entry["cell"]) == 1


def test_the_security_models_tests_exist():
    text = (ROOT / "docs/text/security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", text))
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert len(named) > 20
    assert {name for name in named if f"def {name}(" not in code} == set()
