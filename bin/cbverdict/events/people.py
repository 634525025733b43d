r"""Who is behind an account, and which accounts are nobody's.

Windows' own accounts by name, in the languages of its larger releases, and by SID ("Well-known SIDs", Windows Server
documentation). A group-managed service account and a computer's account end in `$`.

Windows lets `jdoe` log on as `jdöe` and in full-width letters, for it compares names without accents and widths
(MS-ADTS 6.5, "Unicode String Comparison"; examples in Samba's bug 14847), and the log has what was typed. So here they
are one person as well.
"""

from __future__ import annotations

import re
from typing import Sequence, Tuple
from unicodedata import normalize

from cbverdict.events.texts import Record, first_text, plain, texts_of
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.placeholders import is_nothing
from cbverdict.remembered import remember_short

_SHORT = 512  # what is remembered; a longer text is read all the same
_LONGEST = 256  # characters; no account's name has as many

# Services of the operating system, whichever machine and domain they run in.
_SERVICES = frozenset(
    {
        "system", "local system", "localsystem", "local service", "localservice", "network service", "networkservice",
        "anonymous logon", "anonymous", "iusr", "defaultaccount", "wdagutilityaccount",
        "système", "service local", "service réseau",
        "lokaler dienst", "netzwerkdienst", "anonymous-anmeldung",
        "sistema", "servicio local", "servicio de red", "servizio locale", "servizio di rete",
        "serviço local", "serviço de rede",
        "система", "сетевая служба", "локальная служба", "local service account",
        "usługa sieciowa", "usługa lokalna",
        "netwerkservice", "lokale service", "nettverkstjeneste", "lokal tjeneste", "netværkstjeneste",
        "nätverkstjänst", "lokal tjänst", "järjestelmä", "verkkopalvelu", "paikallinen palvelu",
        "síťová služba", "místní služba", "sieťová služba", "lokálna služba",
        "hálózati szolgáltatás", "lokális szolgáltatás", "helyi szolgáltatás",
        "yerel hizmet", "ağ hizmeti", "υπηρεσια δικτυου", "τοπικη υπηρεσια", "υπηρεσία δικτύου", "τοπική υπηρεσία",
        "ネットワーク サービス", "ローカル サービス",
    }
)  # fmt: skip
# Accounts that are made anew for each session, pool, service or machine.
_MACHINES = LazyPattern(
    r"(?:dwm|umfd)-\d+|.+\$|iis apppool|nt service|window manager|font driver host|nt virtual machine"
)
_SIDS = LazyPattern(r"s-1-5-(?:7|18|19|20|(?:80|82|83|90|96)-[\d-]+)|s-1-0-0")
_DOMAINS = frozenset(
    {
        "nt service", "iis apppool", "window manager", "font driver host", "nt virtual machine",
        "nt authority", "autorite nt", "autorité nt", "nt-autorität", "autoridade nt", "zarządzanie nt",
        "nt instans", "nt-instans", "nt-hallinta", "nt-myndighet", "nt-myndighed",
    }
)  # fmt: skip
_QUOTES = "\"'"
_AROUND = " []{}()<>\"'"
_DISTINGUISHED_NAME = LazyPattern(r"\s*(?:cn|uid|ou|dc|o)\s*=", re.IGNORECASE)
_BETWEEN_ACCOUNTS = LazyPattern(r"[,;|\t\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_BETWEEN_DISTINGUISHED_NAMES = LazyPattern(
    r"[;|\t\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]|(?<=[=,])(?:ou|dc|o|c)\s*=[^,=]*,(?=\s*(?:cn|uid)\s*=)", re.IGNORECASE
)
_ACCENTS = dict.fromkeys(range(0x300, 0x370))
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe"})


def person_of(user: str | None) -> str | None:
    r"""Return the person of an account (None: nobody), one for `CORP\jdoe`, `jdoe@corp.example` and `JDoe`.

    Machines, services and what stands for nothing are nobody.
    """
    if not user:
        return None
    return _person(user)


def accounts_of(record: Record, names: Sequence[str], others: Sequence[str] = ()) -> Tuple[str, ...]:
    """Return an account of each person that these fields of a row name; where they name none, the first text, if any.

    Machines and services stand beside people: what Windows writes of a process start has the computer's account first.
    `others` are fields that are looked at where those name nobody.
    """
    found: dict[str, str] = {}
    for fields in (names, others):
        for text in texts_of(record, fields) if not found else ():
            for account in _accounts_in(text):
                person = person_of(account)
                if person is not None:
                    found.setdefault(person, account)
    first = None if found else first_text(record, (*names, *others))
    return tuple(found.values()) if first is None else tuple(_accounts_in(first)[:1])


def _accounts_in(text: str) -> Sequence[str]:
    """Return the accounts that were joined in one text (`mvjoin`), between which is what no account's name has."""
    if _DISTINGUISHED_NAME.match(text):
        return list(filter(None, (part.strip(_AROUND) for part in _BETWEEN_DISTINGUISHED_NAMES.split(text))))
    if _BETWEEN_ACCOUNTS.search(text):
        return list(filter(None, (part.strip(_AROUND) for part in _BETWEEN_ACCOUNTS.split(text))))
    words = [word.strip(_AROUND) for word in text.split()]
    return words if len(words) > 1 and all("\\" in word or "@" in word for word in words) else (text,)


@remember_short(_SHORT, most=16384)
def _person(user: str) -> str | None:
    text = plain(user)
    if len(text) <= _SHORT:  # a longer one is hardly an account, and takes the square of its length
        text = normalize("NFKC", text)
    text = text.strip(_QUOTES).rstrip("\\/")
    if is_nothing(text):
        return None
    domain, _, account = text.replace("/", "\\").rpartition("\\")
    name, _, realm = (part.strip() for part in account.partition("@"))
    home = domain.rpartition("\\")[2].strip()
    is_word = not name or (is_nothing(name) and is_nothing(home or realm))  # `PC1\none` is somebody's account
    is_nobody = len(name) > _LONGEST or is_word or name in _SERVICES or home in _DOMAINS
    return None if is_nobody or _MACHINES.fullmatch(name) or _SIDS.fullmatch(name) else _without_accents(name)


def _without_accents(name: str) -> str:
    if name.isascii():
        return name
    return normalize("NFC", normalize("NFKD", name.casefold()).translate(_ACCENTS).translate(_LETTERS))
