"""Accounts of a copy of the casebook that runs, rounds between them, and signing in."""

from playwright.sync_api import expect

ACCOUNTS = {
    "researcher": "ana@example.org",
    "editor": "ben@example.org",
    "administrator": "cleo@example.org",
}
PASSWORD = "a long password of the desk"
MAKE_ACCOUNTS = """
from django.contrib.auth.models import Group
from clusters.models import Contributor, User
for role, email in {accounts!r}.items():
    user = User.objects.create_user(email, {password!r})
    user.groups.add(Group.objects.get(name=role))
    Contributor.objects.create(slug=role, name=role, user=user)
"""


def make_accounts(running):
    """Make an account for each role, with a contributor, in a copy that runs."""
    running.manage("shell", "-c", MAKE_ACCOUNTS.format(accounts=ACCOUNTS, password=PASSWORD))


def sign_in_at(page, role):
    page.goto("/admin/")
    page.get_by_label("Email").fill(ACCOUNTS[role])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()


MAKE_ROUNDS = """
from django.utils import timezone
from clusters.models import Contributor
from interventions.models import Coding, CodingRound, Project
coders = Contributor.objects.filter(slug__in=("researcher", "editor"))
places = [{"publication": "fayyaz-2017", "section": "Findings"}]
for name, state in (("Apart", "coding"), ("Together", "comparing")):
    projects = Project.objects.filter(slug__in=("atlanta-agreement", "imac-monitoring", "soccer-village"))
    framework = Coding.objects.filter(project__in=projects, factor__isnull=False).first().factor.framework
    made = CodingRound.objects.create(name=name, framework=framework, state=state, number=2)
    for number, coder in enumerate(coders):
        handed_in_at = timezone.now() if state == "comparing" else None
        made.coders.create(coder=coder, user=coder.user, handed_in_at=handed_in_at)
    for row, project in enumerate(projects):
        made.projects.create(project=project)
        for number, coder in enumerate(coders):
            for at, factor in enumerate(framework.factors.all()):
                score = ("0", "0.33", "0.67", "1")[(at + row + number * (at * row % 3)) % 4]
                document = {"score": score, "rationale": "As read.", "citations": places}
                made.codings.create(project=project, coder=coder, factor=factor, document=document)
    print(made.pk)
"""


def make_rounds(running):
    """Make two rounds of both, one that is being coded and one that is compared; their numbers."""
    return running.manage("shell", "-v", "0", "-c", MAKE_ROUNDS).split()
