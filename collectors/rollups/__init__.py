"""Sums over hours and days that merge: what pages read in the place of spans."""
