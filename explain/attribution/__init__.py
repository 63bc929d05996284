"""Where a model looked, and what its score came from: a Trace → an array on the patch grid."""
