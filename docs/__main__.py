"""Build the web site: ``python -m docs``."""

import shutil
import sys

from sphinx.cmd.build import main as sphinx

from .site import BUILD, SOURCE, assemble


def main() -> int:
    """Assemble the pages' sources and have Sphinx build them; return 0 if all is well."""
    findings = assemble()
    # What is no longer made must not stay; Sphinx's own memory of what it read is elsewhere.
    shutil.rmtree(BUILD / "site", ignore_errors=True)
    options = ["-b", "html", "-c", "docs", "-d", str(BUILD / "site-doctrees"), "-q", "-a"]
    strict = ["--fail-on-warning", "--keep-going", "--nitpicky"]
    failed = sphinx([*options, *strict, str(SOURCE), str(BUILD / "site")])
    if failed:
        # Or else the next build would find these pages read, and not warn again.
        shutil.rmtree(BUILD / "site-doctrees", ignore_errors=True)
    for finding in findings:
        print(finding, file=sys.stderr)
    if not failed and not findings:
        print("The site is ready: build/site/index.html")
    return int(bool(failed or findings))


if __name__ == "__main__":
    sys.exit(main())
