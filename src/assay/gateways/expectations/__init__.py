"""Great Expectations: check a table against a suite, and show the results as one page.

``suite`` reads what is expected, ``checking`` checks a table against it, ``page`` draws the
results. Importing this imports no Great Expectations.
Nothing here writes a file or sends anything, and what is returned is equal for equal data: no
time, run id or path is in it.
"""

from assay.gateways.expectations.checking import ExpectationResult, SuiteResult, check
from assay.gateways.expectations.page import data_docs
from assay.gateways.expectations.suite import Expectation, Suite, load

__all__ = [
    "Expectation",
    "ExpectationResult",
    "Suite",
    "SuiteResult",
    "check",
    "data_docs",
    "load",
]
