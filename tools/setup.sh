#!/bin/sh
# Set up what the Makefile's targets need, or say in one sentence what is missing.
#
#   sh tools/setup.sh packages    the Python packages, in .venv
#   sh tools/setup.sh oracle      PyTorch besides, for the tests and benches that compare with it
#   sh tools/setup.sh site        Sphinx besides, which builds the web site
#   sh tools/setup.sh sandbox     the system programs that keep submissions apart
#
# PYTHON names the interpreter to take, INSTALL_OPTIONS further options for pip.
set -eu
cd "$(dirname "$0")/.."
unset PYTHONPATH PYTHONHOME

stop() {
    echo "$*" >&2
    exit 1
}

# --- the Python packages ------------------------------------------------------------------

# Sets `python` to the newest one that the pins were tried with; any newer `python3` comes last.
find_python() {
    question='
import sys
version = "%d.%d.%d" % sys.version_info[:3]
try:
    import ensurepip, venv
    state = "ready"
except ImportError:
    state = "without venv"
print(version + ", " + (state if sys.version_info >= (3, 11) else "too old"))'
    found=""
    for python in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        answer=$("$python" -I -c "$question" 2>/dev/null) || continue
        case $answer in
            *ready) return ;;
            *venv) system_package "python${answer%.*}-venv" && return ;;
        esac
        found="$found $python is $answer."
    done
    stop "The course needs Python 3.11 or newer with its venv module, and finds none" \
        "on this machine.$found Install one (Debian, Ubuntu: sudo apt-get install" \
        "python3.11-venv) or name one: make demo PYTHON=/path/to/python3.11"
}

# Runs a command in the background, its output in setup.log, and shows that it goes on.
with_progress() {
    "$@" >>setup.log 2>&1 &
    job=$!
    trap 'kill $job 2>/dev/null' EXIT
    trap 'exit 130' INT TERM
    seconds=0
    while kill -0 $job 2>/dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        if [ -t 1 ]; then
            printf '\r  %s packages, %s s ' "$(grep -c '^Collecting ' setup.log)" $seconds
        fi
    done
    if [ -t 1 ]; then printf '\r\033[K'; fi
    trap - EXIT INT TERM
    wait $job
}

# What gets installed follows from the pins alone, whatever pip's configuration here says. With
# exec, the background job is pip itself, and stopping the job stops pip.
pip_install() {
    exec env PIP_CONFIG_FILE=/dev/null .venv/bin/python -I -m pip --isolated install \
        --disable-pip-version-check --progress-bar off --constraint constraints.txt \
        ${INSTALL_OPTIONS:-} "$@"
}

explain_failure() {
    if grep -qE 'name resolution|NewConnection|NameResolution|ConnectTimeout|unreachable' setup.log
    then
        stop "The packages cannot be downloaded: check this machine's network (a proxy is named" \
            "in HTTPS_PROXY, a mirror by INSTALL_OPTIONS='--index-url ...') and try again;" \
            "pip's log is in setup.log."
    fi
    stop "The packages cannot be installed (the whole log is in setup.log):" \
        "$(grep -iE '^ *error' setup.log | tail -n 1)"
}

cannot_write() {
    stop "The folder $PWD cannot be written: copy the course to one of your own."
}

packages() {
    wanted=$(cat pyproject.toml constraints.txt tools/setup.sh | cksum)
    if [ -x .venv/bin/python ] && [ "$(head -n 1 .venv/ready 2>/dev/null)" = "$PWD" ]; then
        if [ "$(tail -n 1 .venv/ready)" = "$wanted" ]; then return; fi
    else
        # There is none, it was made half, or its folder or its Python have moved.
        find_python
        rm -rf .venv 2>/dev/null || cannot_write
    fi
    touch setup.log 2>/dev/null || cannot_write
    : >setup.log
    if [ ! -d .venv ]; then
        echo "Setting up .venv with Python ${answer%%,*}: some 140 packages, a few minutes."
        "$python" -I -m venv .venv >>setup.log 2>&1 || explain_failure
    fi
    with_progress pip_install pip setuptools || explain_failure
    with_progress pip_install --no-build-isolation --editable '.[lab,grader,dev]' || explain_failure
    printf '%s\n%s\n' "$PWD" "$wanted" >.venv/ready
    echo "The packages are ready."
}

# Here pip's configuration counts, since it may name a folder with PyTorch's small build without
# CUDA.
oracle() {
    packages
    touch setup.log
    with_progress .venv/bin/python -I -m pip install --disable-pip-version-check \
        --progress-bar off --constraint constraints.txt torch ||
        stop "PyTorch cannot be installed for this Python: $(tail -n 1 setup.log)"
}

site() {
    packages
    if [ "$(cat .venv/site 2>/dev/null)" = "$(tail -n 1 .venv/ready)" ]; then return; fi
    touch setup.log
    with_progress pip_install --no-build-isolation --editable '.[site]' || explain_failure
    tail -n 1 .venv/ready >.venv/site
}

# --- the system's programs ----------------------------------------------------------------

# Installs a package of Debian or Ubuntu where that is allowed; fails where it is not.
system_package() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "Installing the system package $1."
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y "$1" >>setup.log 2>&1 ||
        { apt-get update && apt-get install -y "$1"; } >>setup.log 2>&1
}

# Only grading needs these: their absence is told, and does not stop the rest.
sandbox() {
    command -v bwrap >/dev/null || system_package bubblewrap || echo "Without the program bwrap" \
        "no submission can be isolated: install the system package bubblewrap (Debian, Ubuntu:" \
        "sudo apt-get install bubblewrap; Fedora: sudo dnf install bubblewrap; Linux only)." >&2
    # bwrap needs setpriv to give up the rights of root.
    [ "$(id -u)" != 0 ] || command -v setpriv >/dev/null || system_package util-linux || echo \
        "Without the program setpriv no submission can be isolated when root grades: install" \
        "the system package util-linux, or grade as an ordinary user." >&2
}

case ${1:-} in
    packages) packages ;;
    oracle) oracle ;;
    site) site ;;
    sandbox) sandbox ;;
    *) stop "usage: sh tools/setup.sh packages | oracle | site | sandbox" ;;
esac
