"""Find a Chromium for the browser tests, or install one, or fail loudly.

Run as `python tests/browser/find_browser.py [--install]`; prints the path of the program.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
DEBIAN_PLACES = ("/usr/lib/chromium/chromium-headless-shell", "/usr/lib/chromium/headless_shell")


def find() -> str | None:
    """Return the program named by CHROMIUM, one on the path, or Playwright's own."""
    if explicit := os.environ.get("CHROMIUM"):
        return explicit
    for name in (*NAMES, *DEBIAN_PLACES):
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if os.path.exists(own) else None


def install() -> None:
    """Install the smallest Chromium there is: Debian's as root, else Playwright's."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": sys.stderr, "check": False}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)  # type: ignore[call-overload]
        for package in ("chromium-headless-shell", "chromium"):
            subprocess.run(["apt-get", "install", "-y", "-qq", package], **quiet)  # type: ignore[call-overload]
            if find():
                return
    subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False
    )


def main() -> None:
    if "--install" in sys.argv and find() is None:
        install()
    found = find()
    if found is None:
        sys.exit(
            "The browser tests need Chromium, and none was found or could be installed. "
            "Install it (on Debian: apt-get install chromium-headless-shell) or name it: "
            "CHROMIUM=/path/to/chromium make test"
        )
    print(found)


if __name__ == "__main__":
    main()
