"""The joint query's clause: a sandboxed template over the md5 and the process name."""

from __future__ import annotations

import re
from functools import lru_cache

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cbverdict.carbonblack.edr.digsig import DIGSIG_FIELDS
from cbverdict.carbonblack.edr.query import literal
from cbverdict.errors import SetupError

VARIABLES = ("md5", "process_name")

_FIELDS = tuple(sorted(DIGSIG_FIELDS.values()))
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<parenthesis>[()])
      | (?P<term>-? (?:[^\s()":\\]+:)?                  # the field
                (?:"(?:[^"\\]|\\.)*"                    # a phrase
                  |\[[^]"]+\ TO\ [^]"]+\]                # a range
                  |[^\s()":\\]+))                       # a word
    """,
    re.VERBOSE,
)
_OPERATORS = {"and", "or", "not"}
_PROBE = 'a) OR -(b "c\\ d:e'


class Clause:
    """A clause such as `digsig_result:"Signed"` or `digsig_prog_name:{{ process_name }}`.

    What a variable prints is always one safely quoted term, so no process name can change the query.
    """

    def __init__(self, template: str) -> None:
        """Compile and check the template.

        Raises:
            SetupError: it is no template, uses an unknown variable, or does not make a clause over the
                `digsig_*` fields with balanced quotes and parentheses.
        """
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, finalize=_finalize, autoescape=False)
        try:
            self._variables = meta.find_undeclared_variables(environment.parse(template))
            self._template = environment.from_string(template)
        except TemplateError as error:
            msg = f"clause {template!r} is not usable: {error}"
            raise SetupError(msg) from None
        except RecursionError:
            msg = "the clause is nested too deep to be usable: write a simpler one"
            raise SetupError(msg) from None
        self._text = template
        _, self._tokens = self._render("0" * 32, _PROBE)

    @property
    def is_per_process(self) -> bool:
        """Whether the clause differs from process to process, because it uses a variable."""
        return bool(self._variables)

    @property
    def needs_name(self) -> bool:
        """Whether the clause cannot be asked for a process without a name."""
        return "process_name" in self._variables

    @property
    def proves_signed(self) -> bool:
        """Whether a hit means a valid signature: `digsig_result:Signed` is one of terms that must all hold."""
        tokens = [token.lower().replace('"', "") for token in self._tokens]
        return "digsig_result:signed" in tokens and not {"or", "not", "(", ")"} & set(tokens)

    def render(self, md5: str = "", process_name: str = "") -> str:
        """Write the clause for one process (for any, where it is not per process).

        Raises:
            SetupError: what the template makes of this process is no clause.
        """
        text, tokens = self._render(md5, process_name)
        return text if len(tokens) == 1 else f"({text})"

    def _render(self, md5: str, process_name: str) -> tuple[str, list[str]]:
        try:
            text = self._template.render(md5=md5, process_name=process_name).strip()
        except Exception as error:  # noqa: BLE001 - an admin's template may do anything, 1/0 included
            msg = f"clause {self._text!r} is not usable: {error}; the variables are {', '.join(VARIABLES)}"
            raise SetupError(msg) from None
        return text, _check(self._text, text)


@lru_cache(maxsize=16)
def read_clause(template: str) -> Clause:
    """Return the clause of a template; the same one for the same text, as there is one setting for all searches.

    Raises:
        SetupError: it makes no clause.
    """
    return Clause(template)


def _finalize(value: object) -> str:
    return literal(str(value))


def _tokens(text: str) -> list[str]:
    """Split a clause into parentheses, operators and terms.

    Raises:
        ValueError: a character has no place, such as a quote that is never closed.
    """
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            msg = f"at {text[position : position + 20]!r}"
            raise ValueError(msg)
        if match.lastgroup != "space":
            tokens.append(match.group())
        position = match.end()
    return tokens


def _check(template: str, text: str) -> list[str]:
    try:
        tokens = _tokens(text)
    except ValueError as error:
        msg = f"clause {template!r} is not a Carbon Black query {error}; a variable stands without quotes around it"
        raise SetupError(msg) from None
    depth = 0
    has_term = False
    before = "("
    for token in [*tokens, ")"]:
        if before.lower() in {"(", *_OPERATORS} and token.lower() in {")", "and", "or"} and tokens:
            raise SetupError(f"clause {template!r}: {before} and {token} have no term between them")
        before = token
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth < 0:
            break
        if token not in {"(", ")"} and token.lower() not in _OPERATORS:
            has_term = True
            _check_term(template, token)
    if depth != 0 or not has_term:
        msg = f"clause {template!r} has no term or its parentheses do not pair"
        raise SetupError(msg)
    return tokens


def _check_term(template: str, token: str) -> None:
    name, separator, _ = token.lstrip("-").partition(":")
    if not separator or name not in _FIELDS:
        msg = f"clause {template!r}: {token!r} is not a term over one of {', '.join(_FIELDS)}"
        raise SetupError(msg)
