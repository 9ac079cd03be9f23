"""Accounts of a copy of the casebook that runs, and signing in with them."""

from playwright.sync_api import expect

ACCOUNTS = {"researcher": "ana@example.org", "editor": "ben@example.org"}
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
