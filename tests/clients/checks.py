"""Shared by the Python scripts: the sandbox's address, and checks with clear messages."""

import sys
import urllib.request

BASE = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8081"
COUNT = 0

# Each script starts with the sandbox reset.
urllib.request.urlopen(urllib.request.Request(BASE + "/reset", method="POST"), timeout=10).read()


def same(what, found, expected):
    """Ends the script unless both are equal."""
    global COUNT
    COUNT += 1
    if found != expected:
        raise SystemExit(f"{what}: expected {expected!r}, found {found!r}")


def true(what, holds, found=None):
    """Ends the script unless the condition is true."""
    global COUNT
    COUNT += 1
    if not holds:
        raise SystemExit(f"{what} does not hold: {found!r}")


def refused(what, kind, call):
    """Ends the script unless the call raises this error; returns the error."""
    global COUNT
    COUNT += 1
    try:
        found = call()
    except kind as error:
        return error
    raise SystemExit(f"{what}: expected {kind.__name__}, found {found!r}")


def done(client):
    """Reports success."""
    print(f"{client}: {COUNT} checks")
