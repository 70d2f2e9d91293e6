"""Figures, side by side with peers. Never shipped."""
