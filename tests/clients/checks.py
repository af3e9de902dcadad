"""What the scripts in Python share: the sandbox's address, and checks that say what was expected."""

import sys
import urllib.request

BASE = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8081"
COUNT = 0

# Each script begins with the company as it was before anyone called.
urllib.request.urlopen(urllib.request.Request(BASE + "/reset", method="POST"), timeout=10).read()


def same(what, found, expected):
    """Ends the script unless both are equal."""
    global COUNT
    COUNT += 1
    if found != expected:
        raise SystemExit(f"{what}: expected {expected!r}, found {found!r}")


def true(what, holds, found=None):
    """Ends the script unless it holds."""
    global COUNT
    COUNT += 1
    if not holds:
        raise SystemExit(f"{what} does not hold: {found!r}")


def refused(what, kind, call):
    """Ends the script unless the call raises this error, which is given back."""
    global COUNT
    COUNT += 1
    try:
        found = call()
    except kind as error:
        return error
    raise SystemExit(f"{what}: expected {kind.__name__}, found {found!r}")


def done(client):
    """Says that all went well."""
    print(f"{client}: {COUNT} checks")
