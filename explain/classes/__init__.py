"""How a set's classes are put to a model: as prompts to a CLIP, through a label map to one with classes of its own."""
