"""Where accounts disagree, and on what.

Stakeholders disagree when they say different things of one subject, or when they name different
reasons for the same ending. Few sources rank reasons, so a main reason and one among others count
alike. One stakeholder's two statements are not a disagreement.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from clusters.i18n import gettext_lazy as _

# How stakeholders can disagree on a subject, with the sign of it: a filled diamond where they say
# different things of it, an open one where only some name it as a reason for the end.
DISAGREEMENTS = {
    "": ("", ""),
    "position": ("◆", _("stakeholders say different things of it")),
    "reasons": ("◇", _("stakeholders differ on whether it was a reason for the end")),
}


# Codes of `ReasonForEnding` by which a stakeholder names something as a reason for the end.
NAMED_REASONS = frozenset({"main", "contributing"})


@dataclass(frozen=True)
class Said:
    """One account: who holds it, of which subject, what it says, and whether as a reason."""

    stakeholder: str
    subject: str
    position: str
    reason_for_ending: str


@dataclass(frozen=True)
class Disagreement:
    """What the accounts of one project disagree on."""

    # Subjects of which stakeholders say different things.
    contested: frozenset[str]
    # Stakeholder → the subjects it names as reasons; two stakeholders or more, not the same.
    named_reasons: dict[str, frozenset[str]]

    def __bool__(self) -> bool:
        return bool(self.contested or self.named_reasons)

    def about(self, subject: str) -> str:
        """Return how stakeholders differ on a subject: the stronger key of `DISAGREEMENTS`."""
        if subject in self.contested:
            return "position"
        return "reasons" if subject in self.subjects else ""

    @property
    def subjects(self) -> frozenset[str]:
        """Every subject on which some stakeholder says other than another."""
        named = list(self.named_reasons.values())
        if not named:
            return self.contested
        # What every stakeholder names as a reason is not what they disagree on.
        by_all = named[0].intersection(*named)
        return self.contested | (named[0].union(*named) - by_all)


def disagreement(accounts: Iterable[Said]) -> Disagreement:
    """Return what the accounts of one project disagree on."""
    sayings: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rejections: dict[str, dict[str, set[bool]]] = defaultdict(lambda: defaultdict(set))
    main: dict[str, set[str]] = defaultdict(set)
    for said in accounts:
        sayings[said.subject][said.stakeholder].add(said.position)
        if said.reason_for_ending in NAMED_REASONS:
            main[said.stakeholder].add(said.subject)
        if said.reason_for_ending != "not_mentioned":
            rejections[said.subject][said.stakeholder].add(said.reason_for_ending == "rejected")
    contested = {
        subject
        for by_subject in (sayings, rejections)
        for subject, by_stakeholder in by_subject.items()
        if len({frozenset(values) for values in by_stakeholder.values()}) > 1
    }
    reasons = {stakeholder: frozenset(subjects) for stakeholder, subjects in main.items()}
    if len(set(reasons.values())) < 2:
        reasons = {}
    return Disagreement(frozenset(contested), reasons)
