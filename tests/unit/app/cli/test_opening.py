"""Who decides."""

from __future__ import annotations

import os
import pwd

import pytest

from rddm.app.cli.opening import author


def test_without_a_name_and_without_variables_it_is_who_is_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    assert author(None) == pwd.getpwuid(os.getuid()).pw_name
    assert author("ann") == "ann"
