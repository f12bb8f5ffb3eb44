"""From linear models to neural networks: the package behind the lectures.

Mathematics, one module a lecture, importing NumPy and nothing else:

- `features`, `special`: what several lectures share
- `bayesian_regression`: lecture 1

Around it: `data`, `plotting`, `widgets` for the lectures; `checks` and `doctor`
for the assignments; `grading` and `cli` for those who teach.
"""

__version__ = "0.1.0"
