"""Questions in plain words, read by patterns and answered with the tools of `insights/tools/`.

A question is answered only if every word of it is understood. `periods.py` finds days, `names.py` the ledger's names,
`meanings.py` what each word says, `reading.py` what is asked; `wording.py` writes the answer.
"""
