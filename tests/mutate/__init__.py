"""Change one thing in the code, and see whether a test notices: `make mutate`.

Coverage says which lines tests run; this says which of them they would miss. A sample of all changes is drawn by a
seed, each is made in a copy of the project, and the tests that run its line are run until one fails.

Why not mutmut or cosmic-ray, which were tried first (3.8.1 and 8.7.0 on Python 3.13): mutmut changes nothing outside
functions nor in decorated ones, and weights, priors, sets of reasons and properties are there; cosmic-ray has one test
command for all modules, changes `X | None` in annotations, writes into the working tree and draws no sample. Both are
larger to configure around that than what is here.
"""
