"""Where accounts disagree, and on what.

Holders disagree when they say different things of one subject, or when they name different reasons
for the same ending. Few sources rank reasons, so a main reason and one among others count alike.
One holder's two statements are not a disagreement.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from clusters.words import gettext_lazy as _

# How holders can disagree on a subject, with the sign of it: a filled diamond where they say
# different things of it, an open one where only some name it as a reason for the end.
DISAGREEMENTS = {
    "": ("", ""),
    "says": ("◆", _("holders say different things of it")),
    "reasons": ("◇", _("holders differ on whether it was a reason for the end")),
}


# Codes of `AsReason` by which a holder names something as a reason for the end.
NAMED_REASONS = frozenset({"main", "contributing"})


@dataclass(frozen=True)
class Said:
    """One account: who holds it, of which subject, what it says, and whether as a reason."""

    holder: str
    subject: str
    says: str
    as_reason: str


@dataclass(frozen=True)
class Disagreement:
    """What the accounts of one project disagree on."""

    # Subjects of which holders say different things.
    contested: frozenset[str]
    # Holder → the subjects it names as reasons; two holders or more, not the same.
    named_reasons: dict[str, frozenset[str]]

    def __bool__(self) -> bool:
        return bool(self.contested or self.named_reasons)

    def about(self, subject: str) -> str:
        """How holders differ on a subject, as a key of `DISAGREEMENTS`; the stronger way of two."""
        if subject in self.contested:
            return "says"
        return "reasons" if subject in self.subjects else ""

    @property
    def subjects(self) -> frozenset[str]:
        """Every subject that some holder sees otherwise than another."""
        named = list(self.named_reasons.values())
        if not named:
            return self.contested
        # What every holder names as a reason is not what they disagree on.
        by_all = named[0].intersection(*named)
        return self.contested | (named[0].union(*named) - by_all)


def disagreement(accounts: Iterable[Said]) -> Disagreement:
    """Compare the accounts of one project."""
    sayings: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    denials: dict[str, dict[str, set[bool]]] = defaultdict(lambda: defaultdict(set))
    main: dict[str, set[str]] = defaultdict(set)
    for said in accounts:
        sayings[said.subject][said.holder].add(said.says)
        if said.as_reason in NAMED_REASONS:
            main[said.holder].add(said.subject)
        if said.as_reason != "not_said":
            denials[said.subject][said.holder].add(said.as_reason == "denied")
    contested = {
        subject
        for by_subject in (sayings, denials)
        for subject, by_holder in by_subject.items()
        if len({frozenset(values) for values in by_holder.values()}) > 1
    }
    reasons = {holder: frozenset(subjects) for holder, subjects in main.items()}
    if len(set(reasons.values())) < 2:
        reasons = {}
    return Disagreement(frozenset(contested), reasons)
