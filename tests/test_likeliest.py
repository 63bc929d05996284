"""The likeliest classes of many pictures at once."""

import numpy as np

from explain.scores.likeliest import likeliest


def test_where_classes_tie_the_first_is_the_answer_as_everywhere():
    shares = np.array([[0.2, 0.4, 0.4], [0.3, 0.3, 0.3], [0.1, 0.2, 0.7]] * 50, np.float32)
    wide = np.concatenate([shares, np.zeros((150, 9), np.float32)], axis=1)
    for table in (shares, wide, wide[:, ::-1].copy(), np.full((4, 30), 1 / 30, np.float32)):
        top, best = likeliest(table)
        assert (top[:, 0] == table.argmax(1)).all()
        assert (np.take_along_axis(table, top, 1) == best).all()
        assert (np.diff(best, axis=1) <= 0).all()
        assert all(len(set(row)) == len(row) for row in top.tolist())
