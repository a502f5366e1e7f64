"""Is the feedback the gradient it claims to be? Measured on a user's models.

`verify` compares every kind of feedback, and other people's formulas, with
central differences of Eq. 3. It uses the trainers' public parts and must not
change how a model works.
"""

from keras_mpl.trainers.verification.table import Verification
from keras_mpl.trainers.verification.verify import verify

__all__ = ["Verification", "verify"]
