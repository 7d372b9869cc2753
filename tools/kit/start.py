"""Open this problem set in JupyterLab: python start.py

The first time it makes a folder .venv here and installs into it what the notebook needs, if this
Python does not have it already.
"""

import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
OWN = HERE / ".venv"
NEEDED = "numpy", "matplotlib", "IPython", "jupyterlab"


def main():
    """Find or make a Python that has what is needed, and open the notebook with it."""
    if sys.version_info < (3, 11):
        version = ".".join(map(str, sys.version_info[:2]))
        sys.exit(f"This is Python {version}; the course needs 3.11 or newer (www.python.org).")
    python = Path(sys.executable) if all(map(find_spec, NEEDED)) else own_python()
    notebook = min(HERE.glob("ps*_*.ipynb"), key=lambda path: len(path.name))  # and no copy of it
    command = [str(python), "-m", "jupyterlab", notebook.name, *sys.argv[1:]]
    try:
        sys.exit(subprocess.run(command, cwd=HERE).returncode)
    except KeyboardInterrupt:
        sys.exit(0)


def own_python():
    """Make .venv, once, and return its Python."""
    python = OWN / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = OWN / "ready"
    if not ready.exists():
        print("Installing JupyterLab, NumPy and Matplotlib into .venv; this takes a minute or two.")
        venv.create(OWN, with_pip=True, clear=OWN.exists())
        install = [str(python), "-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
        if subprocess.run(install, cwd=HERE).returncode:
            sys.exit("They cannot be installed; the message above says why. Is there a network?")
        ready.touch()
    return python


if __name__ == "__main__":
    main()
