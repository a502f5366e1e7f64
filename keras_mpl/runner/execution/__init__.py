"""A live run: it trains stage after stage, and can be interrupted and resumed.

`training` begins or resumes a run, `jobs` trains its recipes one after the
other and finishes the folder, `fitting` trains one stage, `snapshots` puts its
state on disk, `preemption` and `locks` deal with other processes. The modules
here must not turn a name into an object, and must not use the tools.
"""
