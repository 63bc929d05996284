"""How good answers are: accuracy and its interval, per class, calibration, and which differences are more than chance."""
