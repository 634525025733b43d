"""The search command `| cbsignedprofile`: what is known of a person, a team or a parent, and what waits."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunklib.searchcommands import Configuration, GeneratingCommand, Option, validators

from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Subject, SubjectKind, baseline_name, program_kind
from cbverdict.anomalies.known_baselines import BaselineQuestion
from cbverdict.anomalies.profile_rows import rows_of, rows_of_waiting
from cbverdict.anomalies.releases import ACCEPTED, REFUSED
from cbverdict.anomalies.waiting import acceptance, is_waiting
from cbverdict.anomalies.whole_profiles import WholeProfiles
from cbverdict.errors import CbsignedError, NoRightError
from cbverdict.events.people import person_of
from cbverdict.search.sdk_compat import HardenedCommand, run
from cbverdict.service.baseline_client import BaselineClient

_TEXT = validators.Match("1 to 300 characters", r".{1,300}\Z")
_WHAT = validators.Match(
    "process <name> or hour <00 to 23>, of one person with <person>: before it",
    r"(?:[^:]{1,256}: )?(?:process .{1,256}|hour (?:[01]\d|2[0-3]))\Z",
)


@Configuration(type="reporting")
class CbsignedprofileCommand(HardenedCommand, GeneratingCommand):
    """Show what an admin may see: baselines say who works when."""

    user = Option(validate=_TEXT)
    team = Option(validate=_TEXT)
    parent = Option(validate=_TEXT)
    waiting = Option(default=False, validate=validators.Boolean())
    accept = Option(validate=_WHAT)
    refuse = Option(validate=_WHAT)

    def generate(self) -> Iterator[dict[str, str]]:
        """Decide what is to be decided, then show what was asked for."""
        info = self.metadata.searchinfo
        client = BaselineClient(info.splunkd_uri, info.session_key)
        try:
            client.learn({})  # Whoever may not teach may not see either.
            for what, word in ((self.accept, ACCEPTED), (self.refuse, REFUSED)):
                if what:
                    client.learn(acceptance(what, word, time.time()))
            known = client.read(BaselineQuestion((ORGANISATION, *self._subjects()), wants_as_kept=True))
        except NoRightError as error:
            # A page that shows a profile among other things is no failure for whoever may not see this one.
            says = self.write_error if self.accept or self.refuse else self.write_warning
            says(f"cbsignedprofile: {error}")
            return
        except CbsignedError as error:
            self.write_error(f"cbsignedprofile: {error}")
            return
        organisation, profiles = known.baselines.get(ORGANISATION, Baseline()), WholeProfiles(known)
        for what in filter(None, (self.accept, self.refuse)):
            if not is_waiting(organisation, what):
                self.write_warning(f"cbsignedprofile: nothing waits as {what!r}; it is noted for when something does.")
        if self.waiting or self.accept or self.refuse:
            yield from rows_of_waiting(organisation)
        for subject in self._subjects():
            yield from rows_of(subject, profiles, known.baselines)

    def _subjects(self) -> list[Subject]:
        names = {
            SubjectKind.PERSON: person_of(self.user),
            SubjectKind.TEAM: baseline_name(self.team),
            SubjectKind.PARENT: program_kind(self.parent),
        }
        return [Subject(kind, name) for kind, name in names.items() if name]


run(CbsignedprofileCommand, __name__)
