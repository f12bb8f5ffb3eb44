"""Late days, as a plug-in of nbgrader."""

import math

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

SECONDS_A_DAY = 24 * 60 * 60


class PenaltyPerDay(LateSubmissionPlugin):
    """A share of the score for each day begun after the deadline and a short grace.

    A notebook handed in on time, or within the grace period, loses nothing. Without a penalty a
    day, nbgrader's own `penalty_method` decides.
    """

    penalty_per_day = Float(
        0.0, min=0.0, max=1.0, help="Share of the score lost a day begun, 0.1 for 10 %. 0: off."
    ).tag(config=True)
    grace_period_minutes = Float(
        0.0, min=0.0, help="Minutes after the deadline that cost nothing."
    ).tag(config=True)

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """score · min(1, penalty_per_day · days begun), in points.

        Examples
        --------
        >>> plugin = PenaltyPerDay(penalty_per_day=0.1, grace_period_minutes=15)
        >>> plugin.late_submission_penalty("ada", 20.0, 25 * 60 * 60)
        4.0
        >>> plugin.late_submission_penalty("ada", 20.0, 15 * 60)
        0.0
        """
        if not self.penalty_per_day:
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        if total_seconds_late <= 60 * self.grace_period_minutes:
            return 0.0
        days_begun = math.ceil(total_seconds_late / SECONDS_A_DAY)
        return score * min(1.0, self.penalty_per_day * days_begun)
