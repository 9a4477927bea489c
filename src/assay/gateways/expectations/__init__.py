"""Great Expectations: hold a table against a suite, and show what came out as one page.

``suite`` reads what is expected, ``outcome`` holds a table against it, ``page`` draws what came
out; ``excerpts`` makes a value fit to be shown. Importing this imports no Great Expectations.
Nothing here writes a file or sends anything, and what is returned is equal for equal data: no
time, run id or path is in it.
"""

from assay.gateways.expectations.excerpts import EXAMPLES, excerpt, in_short
from assay.gateways.expectations.outcome import Example, Finding, Outcome, check
from assay.gateways.expectations.page import data_docs
from assay.gateways.expectations.suite import Expectation, Suite, load

__all__ = [
    "EXAMPLES",
    "Example",
    "Expectation",
    "Finding",
    "Outcome",
    "Suite",
    "check",
    "data_docs",
    "excerpt",
    "in_short",
    "load",
]
