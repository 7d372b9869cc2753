"""A small course that tests may spoil."""

import shutil
from pathlib import Path

import pytest

from tools.notebooks.build import find_sources, write_changed

FIXTURE = Path(__file__).parent / "course"


class SmallCourse:
    """A copy of the fixture course, built, with the files that tests change."""

    def __init__(self, root):
        self.root = root
        self.lecture_text = root / "lectures/01_small.py"
        self.lecture = root / "lectures/01_small.ipynb"
        self.set_text = root / "solutions/ps_small.py"
        self.solution = root / "solutions/ps_small/ps_small.ipynb"
        self.release = root / "assignments/ps_small/ps_small.ipynb"

    @property
    def sources(self):
        """The course's texts, as the builder finds them."""
        return find_sources(self.root)

    def build(self):
        """Build everything and return the paths that were written."""
        return [path for source in self.sources for path in write_changed(source.build())]

    def replace(self, path, old, new):
        """Replace a part of a file that stands in it exactly once."""
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def course(tmp_path):
    """Return a built copy of the small course."""
    root = tmp_path / "course"
    shutil.copytree(FIXTURE, root, ignore=shutil.ignore_patterns("__pycache__"))
    small = SmallCourse(root)
    small.build()
    return small
