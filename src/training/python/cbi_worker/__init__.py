"""The workers of cbi: trainings and predictions over JSON lines. See main.py."""

PROTOCOL = 1
