"""Whether a PromQL query stops a run.

The first answer, before anything is touched, says which kind of query it is:

1. No series at all: the query filters (`rate(errors[1m]) > 5`, `up == 0`), as an alert does. Any series that appears stops the run,
   whatever its value is.
2. Series, all of value 0: the query is a truth value (`up == bool 0`, a scalar). Any value other than 0 stops the run. Series that are
   gone leave nobody to tell.

NaN leaves nobody to tell in either kind, and so does a server that cannot be asked.
"""

from chaoscinder.model.alert import Alert, Answer

GONE = "no series answers any more (wanted what answered at the start)"


def judge(answer: Answer, *, filters: bool) -> Alert:
    """Tell what an answer means; filters is whether the query had no series at the start."""
    held = [row for row in answer if row.is_number and (filters or row.value != 0)]
    if held:
        more = f" and {len(held) - 1} more" if len(held) > 1 else ""
        return Alert(holds=f"{held[0]}{more}")
    if answer:
        return Alert(unknown="the answer is NaN") if not all(row.is_number for row in answer) else Alert()
    return Alert() if filters else Alert(unknown=GONE)
