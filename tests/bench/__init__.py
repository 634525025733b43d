"""`make bench`: what a search costs, as ratios against commands that stand for the usual ways, all in one run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))
