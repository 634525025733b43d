"""`make bench`: what a search costs, as ratios against commands that stand for the usual ways, all in one run."""
