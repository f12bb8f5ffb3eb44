"""Pictures: pure functions of data and hyperparameters that return a figure. One module a lecture,
and `report` for a class.

`canvas` is the one place for colours, sizes and fonts. A figure carries its own alt text, written
from the numbers it shows, and never touches pyplot: nothing is left open, no setting is changed.
"""
