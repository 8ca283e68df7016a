"""Cost of insights: CPU time for 30 categories over 260 weeks, and libraries that web processes must not import."""

import subprocess
import sys
import time

from benchmarks import insights_product_weeks

CATEGORIES, WEEKS, MOST_S = 30, 260, 2.0
#: Libraries that only workers may load.
SLOW = ("statsmodels", "pandas", "scipy", "sklearn")
_LOOK = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
import config.wsgi
print(*(name for name in {names} if name in sys.modules))
"""


def print_speed() -> int:
    """Print the cost; return the number of missed bounds."""
    print("\nSpeed")
    return _print_worker() + _print_imports()


def _print_worker() -> int:
    judge = insights_product_weeks.whole_worker(n_categories=CATEGORIES, n_weeks=WEEKS)
    judge()
    started = time.process_time()
    judge()
    seconds = time.process_time() - started
    print(
        f"{CATEGORIES} categories x {WEEKS} weeks: {seconds:.2f} s CPU, at most {MOST_S:.0f}{_missed(seconds > MOST_S)}"
    )
    return int(seconds > MOST_S)


def _print_imports() -> int:
    looked = subprocess.run(
        [sys.executable, "-c", _LOOK.format(names=SLOW)], capture_output=True, text=True, check=False
    )
    if looked.returncode:
        print(f"imports of the web process: {looked.stderr.strip().splitlines()[-1]}")
        return 1
    found = looked.stdout.split()
    print(f"imported by the web process of {', '.join(SLOW)}: {', '.join(found) or 'none'}{_missed(bool(found))}")
    return int(bool(found))


def _missed(is_missed: bool) -> str:
    return "  MISSED" if is_missed else ""
