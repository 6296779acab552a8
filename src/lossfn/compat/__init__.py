"""The names of two tutorials, so that their programs run.

Their numbers where those are a convention, the right result where they are a mistake.
"""
