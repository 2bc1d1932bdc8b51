"""Attacks that take minutes: what is killed, starved of room or crowded must lose nothing and say what to do."""
