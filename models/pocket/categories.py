"""What the recipe teaches the bundled models to tell apart. Imports nothing, so that anybody may read it."""

CATEGORIES = tuple(
    "airplane apple ball banana bear bird boat bottle bridge bus butterfly car cat chair church cup deer "
    "dog donkey duck elephant fish frog giraffe guitar hat horse house ladybug laptop lion monkey motorbike mushroom orange parachute "
    "person piano pizza rocket shirt shoe snake table teapot tractor train trousers truck umbrella watch".split()
)
