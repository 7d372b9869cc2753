"""All figures of the course on one page."""

from __future__ import annotations

import html
import io

from PIL import Image

from .notebooks import Lecture

_WIDTH = 480  # pixels, twice what the page shows


def pages(lectures: list[Lecture]) -> dict[str, bytes]:
    """Return the page, the small pictures, and the list of alt texts for `docs/conf.py`."""
    files: dict[str, bytes] = {}
    count = sum(len(lecture.figures) for lecture in lectures)
    text = [
        "# All figures",
        f"{count} figures, each drawn by a cell of its lecture from what that cell has computed. "
        "A picture leads to its place.",
    ]
    for lecture in lectures:
        text.append(f"## {lecture.number} {lecture.title}")
        links = []
        for figure in lecture.figures:
            name = f"{lecture.number:02d}-{figure.number}.png"
            files[f"extra/figures/{name}"] = _small(figure.png)
            links.append(
                f'<a href="{lecture.page}.html#figure-{figure.number}">'
                f'<img src="figures/{name}" alt="{html.escape(figure.alt)}" '
                f'title="{html.escape(figure.alt)}" loading="lazy"></a>'
            )
        text.append('<div class="gallery">\n' + "\n".join(links) + "\n</div>")
    files["figures.md"] = ("\n\n".join(text) + "\n").encode()
    return files


def _small(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png)) as picture, io.BytesIO() as buffer:
        small = picture.convert("RGB")
        small.thumbnail((_WIDTH, 2 * _WIDTH), Image.Resampling.LANCZOS)
        small.quantize(128).save(buffer, format="png", optimize=True)
        return buffer.getvalue()
