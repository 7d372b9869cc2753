"""Sphinx's configuration; `python -m docs` runs it on the sources that it has assembled."""

import hashlib
import re
import sys
from pathlib import Path

from docutils import nodes

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import rnnref  # noqa: E402

project = "Recurrent neural networks"
author = copyright = "The rnnref authors"
version = release = rnnref.__version__
language = "en-GB"
html_title = "Recurrent neural networks"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx-mathjax-offline",
]
exclude_patterns = ["extra", "notebooks", "parts"]

# --- notebooks: executed by tools/notebooks before Sphinx reads them ---
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_render_markdown_format = "myst"
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "attrs_inline", "deflist", "dollarmath"]
myst_heading_anchors = 3
# Equations have their own numbers, `\tag{…}`.
mathjax3_config = {"tex": {"tags": "none"}}

# --- the reference ---
autosummary_generate = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
add_module_names = False

# --- pages ---
html_theme = "furo"
html_static_path = ["_static"]
html_extra_path = [str(ROOT / "build/site-source/extra")]
html_css_files = ["course.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "monokai"


def single_backticks(name, rawtext, text, lineno, inliner, options=None, content=()):
    """In a docstring, `rnn_forward` links to its entry, and any other name is code."""
    del name, lineno, options, content
    plain = re.sub(r"\(\)$", "", text.removeprefix("rnnref."))
    if plain in rnnref.__all__:
        from sphinx.addnodes import pending_xref

        link = pending_xref(
            rawtext, refdomain="py", reftype="obj", reftarget=f"rnnref.{plain}", refexplicit=False,
            refdoc=inliner.document.settings.env.docname,
        )  # fmt: skip
        link += nodes.literal(rawtext, text, classes=["xref", "py", "py-obj"])
        return [link], []
    return [nodes.literal(rawtext, text)], []


default_role = "rnnref"


def name_figures(app, doctree):
    """Give the pictures of a lecture their alt texts and names to link to."""
    name = app.env.docname.removeprefix("lectures/")
    if name == app.env.docname or name == "index":
        return
    from nbformat import read

    from docs.notebooks import Lecture

    known = {
        figure.digest: figure
        for figure in Lecture(name, read(Path(app.srcdir, f"lectures/{name}.ipynb"), 4)).figures
    }
    for image in doctree.findall(nodes.image):
        figure = known.get(Path(image["uri"]).stem)
        if figure is not None:
            image["alt"] = figure.alt
            image["ids"].append(f"figure-{figure.number}")
            image["classes"].append("figure-of-lecture")


def leave_equations_alone(app, doctree):
    """Keep Sphinx from wrapping equations of several lines in `split`, which bears no `\\tag`."""
    del app
    for equation in doctree.findall(nodes.math_block):
        if not equation.get("no-wrap"):
            text = rf"\[{equation.astext()}\]"
            equation["no-wrap"] = True
            equation.children = [nodes.Text(text)]


def glue_punctuation(app, doctree):
    """Keep a formula on one line with the bracket before it and the punctuation behind it."""
    del app
    for formula in list(doctree.findall(nodes.math)):
        line = formula.parent
        place = line.index(formula)
        before, behind = line[max(place - 1, 0) : place], line[place + 1 : place + 2]
        left = re.search(r"[(\[“]*$", _text(before)).group()
        right = re.match(r"[.,;:!?)\]”’]*", _text(behind)).group()
        if left:
            line[place - 1] = nodes.Text(before[0][: -len(left)])
        if right:
            line[place + 1] = nodes.Text(behind[0][len(right) :])
        if left or right:
            line[place] = nodes.inline(classes=["glued"])
            line[place] += [nodes.Text(left), formula, nodes.Text(right)]


def _text(neighbours):
    return "".join(node for node in neighbours if isinstance(node, nodes.Text))


def keep_bars(app, what, name, obj, options, lines):
    """In a docstring's text, bars mean an absolute value, not a substitution."""
    example, literal = False, None
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            example = False
            continue
        if literal is not None and indent <= literal:
            literal = None
        example = example or line.lstrip().startswith(">>>")
        if not example and literal is None:
            lines[i] = line.replace("|", r"\|")
            literal = indent if line.endswith("::") else None


def setup(app):
    """Register what the pages need besides."""
    app.connect("autodoc-process-docstring", keep_bars, priority=400)
    # A change of this code is a reason to read all pages again.
    code = b"".join(path.read_bytes() for path in sorted((ROOT / "docs").glob("*.py")))
    app.add_config_value("site_code", hashlib.sha256(code).hexdigest(), "env")
    app.add_role("rnnref", single_backticks)
    app.connect("doctree-read", name_figures)
    app.connect("doctree-read", leave_equations_alone)
    app.connect("doctree-read", glue_punctuation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
