"""Judgement: nouns in, verdict out. Pure, so that one judgement serves probe, guard and report, and an old run can be judged again.

1. No I/O, no clock, no cloud. What is not in the arguments is not known.
2. "It is not so" is a result; "I cannot tell" is another one, and it is never rounded to either side.
3. Moments (at_s) and bounds are cluster seconds; sampling periods, lateness and latency are wall seconds; rate leads from one to the other.
"""
