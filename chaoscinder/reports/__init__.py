"""A run in, a document out: the page, the ticket text and the lines at the end.

1. Everything here is a function of a Run and its Verdict: no clock, no network, no judgement; the same input gives the same bytes.
2. A figure that has a bound is printed with it, in cluster time, and in wall time beside it when the two differ.
3. A failure is never drawn away: it keeps at least two pixels, whatever the length of the run.
4. A colour never says anything that a word beside it does not say.
5. Names come from a cluster that may be hostile: everything is escaped, nothing is fetched, nothing runs.
"""
