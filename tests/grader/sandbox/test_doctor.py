import os
import shutil

import pytest

from rnnref.grader import doctor
from rnnref.grader.sandbox import launch


@pytest.mark.sandbox
def test_a_good_machine(sandbox, tmp_path):
    findings = doctor.probe(tmp_path)
    assert [finding for finding in findings if not finding.good] == []
    assert "1 + 1 = 2 inside" in doctor.text(findings)


def test_what_is_missing_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    found = {finding.what: finding for finding in doctor.probe(tmp_path)}
    for what, remedy in (
        ("bubblewrap", "apt install bubblewrap"),
        ("sandbox", "apt install bubblewrap"),
        ("alembic", "pip install"),
    ):
        assert not found[what].good
        assert remedy in found[what].text
    assert "MISSING bubblewrap" in doctor.text(list(found.values()))


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert not {f.what: f.good for f in doctor.probe(tmp_path)}["grading folder"]


@pytest.mark.parametrize(
    ("seen", "remedy"),
    [
        ("bwrap: No permissions to create new namespace", "--privileged"),
        ("bwrap: Creating new namespace failed: Operation not permitted", "max_user_namespaces"),
        ("bwrap: setting up uid map: Permission denied", "apparmor_restrict_unprivileged_userns"),
        ("bwrap: execvp setpriv: No such file or directory", "util-linux"),
        ("unshare: No space left on device", "max_user_namespaces"),
    ],
)
def test_every_refusal_has_a_remedy(seen, remedy):
    assert remedy in str(launch.SandboxUnavailable.because(seen))
