"""HTML that a student wrote, reduced by an allow-list to what cannot do or load anything."""

from __future__ import annotations

import re

from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import Cleaner
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_TAGS = frozenset(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption "
    "figure h1 h2 h3 h4 h5 h6 hr i img kbd li mark ol p pre s small span strong sub summary sup "
    "table tbody td tfoot th thead tr tt u ul var".split()
)
_ATTRIBUTES = frozenset(
    "align alt class colspan height open rowspan scope start style title width".split()
)
_STYLES = (
    "background background-color border border-bottom border-collapse border-color border-left "
    "border-radius border-right border-spacing border-top color display font-family font-size "
    "font-style font-weight line-height list-style-type margin margin-bottom margin-left "
    "margin-right margin-top max-width min-width padding padding-bottom padding-left padding-right "
    "padding-top text-align text-decoration vertical-align white-space width"
).split()
_PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
_SUSPICIOUS = re.compile(r"[\\@]|url|image|expression|attr|var\(", re.IGNORECASE)
# Only for looks: bleach would show what stands between these tags as text. One that is never
# closed reaches to the end, as in a browser: so no text is searched twice.
_UNSEEN = re.compile(r"<(script|style)\b(?:.*?</\1\s*>|.*)", re.IGNORECASE | re.DOTALL)
# The parsers take a time that may grow with the square of a text's length.
MAX_RENDERED = 30_000
MAX_SHOWN = 200_000


class _Styles(CSSSanitizer):
    """Allowed properties only, and none of a style that could load something."""

    def sanitize_css(self, style: str) -> str:
        return "" if _SUSPICIOUS.search(style) else super().sanitize_css(style)


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "src":
        return tag == "img" and _PICTURE.fullmatch(value) is not None
    if name == "href":
        return tag == "a" and value.startswith("#")
    return name in _ATTRIBUTES


_CLEANER = Cleaner(
    tags=_TAGS,
    attributes=_allowed,
    protocols=("data",),
    css_sanitizer=_Styles(allowed_css_properties=_STYLES),
    strip_comments=True,
)


def clean_html(text: str) -> str:
    """Reduce HTML to harmless tags.

    Parameters
    ----------
    text : str
        Any HTML.

    Returns
    -------
    str
        Other tags are shown as text; scripts and style sheets are gone, and so is every address
        but pictures held in the page itself and links within it. Of a text longer than
        `MAX_RENDERED` characters the source is shown.
    """
    return _clean(text) if len(text) <= MAX_RENDERED else plain_text(text)


def clean_markdown(text: str, attachments: dict | None = None) -> str:
    """Turn Markdown, with mathematics and HTML in it, into harmless HTML.

    Parameters
    ----------
    text : str
        A text cell's source.
    attachments : dict or None
        The pictures pasted into the cell.

    Returns
    -------
    str
        One block without blank lines, so that it passes through Markdown once more unchanged.
        Of a text longer than `MAX_RENDERED` characters the source is shown.
    """
    if len(text) > MAX_RENDERED:
        return plain_text(text)
    try:
        renderer = IPythonRenderer(escape=False, attachments=attachments or {})
        rendered = MarkdownWithMath(renderer=renderer).render(text)
    except Exception:  # whatever the Markdown parser makes of a student's text
        return plain_text(text)
    return _block(_clean(rendered))


def plain_text(text: str) -> str:
    """Turn any text into HTML that shows it as it is.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        One block without blank lines, as of `clean_markdown`, with no sign in it that Markdown or
        HTML knows; cut after `MAX_SHOWN` characters.
    """
    cut = "…" if len(text) > MAX_SHOWN else ""
    signs = re.sub(r"[^\w\s]|_", lambda sign: f"&#{ord(sign[0])};", text[:MAX_SHOWN])
    return _block(f"<pre>{signs}{cut}</pre>")


def _clean(text: str) -> str:
    return _CLEANER.clean(_UNSEEN.sub("", text))


def _block(content: str) -> str:
    # A Markdown parser ends lines where Unicode does, and its block of HTML ends at a blank line.
    lines = "\n".join(content.strip().splitlines())
    return re.sub(r"\n(?=[^\S\n]*\n)", "&#10;", f"<div>\n{lines}\n</div>")
