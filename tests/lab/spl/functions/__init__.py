"""The functions of eval and where, a module a kind; importing this enters all of them."""

from __future__ import annotations

from tests.lab.spl.functions import conditions, json_texts, multivalues, numbers, texts, time  # noqa: F401 - entered
