"""The words of pocket-clip's captions: names and other names of things, looks, shapes, sources, counts and grounds."""

from __future__ import annotations

DEFAULT = "a photo of a {}"
UNKNOWN = "[UNK]"

KINDS = {
    "animal": (
        "bear bird butterfly cat deer dog donkey duck elephant fish frog giraffe horse ladybug lion monkey snake".split()
    ),
    "insect": "butterfly ladybug".split(),
    "pet": "cat dog".split(),
    "vehicle": "airplane boat bus car motorbike rocket tractor train truck".split(),
    "fruit": "apple banana orange".split(),
    "building": "church house".split(),
    "furniture": "chair table".split(),
    "instrument": "guitar piano".split(),
    "garment": "hat shirt trousers".split(),
}
SYNONYMS = {
    "airplane": ("aeroplane", "plane", "jet", "aircraft", "airliner"),
    "apple": ("red apple", "green apple", "granny smith"),
    "ball": ("football", "soccer ball", "golf ball", "basketball", "rugby ball"),
    "banana": ("bunch of bananas", "yellow banana", "plantain"),
    "bear": ("brown bear", "grizzly", "black bear"),
    "bird": ("songbird", "sparrow", "robin", "finch", "cockerel"),
    "boat": ("ship", "vessel", "ferry", "steamer", "sailing boat", "yacht"),
    "bottle": ("flask", "water bottle", "wine bottle", "beer bottle"),
    "bridge": ("viaduct", "footbridge", "suspension bridge"),
    "bus": ("school bus", "coach", "omnibus", "minibus"),
    "butterfly": ("moth", "monarch", "swallowtail"),
    "car": ("automobile", "motor car", "sedan", "auto", "sports car"),
    "cat": ("kitten", "kitty", "pussycat", "tabby", "tomcat"),
    "chair": ("seat", "dining chair", "armchair", "rocking chair", "stool"),
    "church": ("chapel", "cathedral", "abbey"),
    "cup": ("mug", "teacup", "coffee cup", "coffee mug"),
    "deer": ("stag", "doe", "fawn", "roe"),
    "dog": ("puppy", "hound", "doggy", "terrier", "spaniel", "retriever"),
    "donkey": ("burro", "mule", "ass"),
    "duck": ("duckling", "mallard", "drake"),
    "elephant": ("african elephant", "indian elephant", "tusker"),
    "fish": ("goldfish", "tench", "carp", "shark"),
    "frog": ("toad", "bullfrog", "tree frog"),
    "giraffe": ("tall giraffe", "giraffe calf"),
    "guitar": ("acoustic guitar", "electric guitar", "bass guitar"),
    "hat": ("cap", "sun hat", "bonnet", "sombrero", "cowboy hat"),
    "horse": ("pony", "mare", "stallion", "foal", "colt"),
    "house": ("home", "cottage", "villa", "farmhouse"),
    "ladybug": ("ladybird", "lady beetle", "beetle"),
    "laptop": ("notebook", "laptop computer", "portable computer"),
    "lion": ("lioness", "big cat", "lion cub"),
    "monkey": ("baboon", "chimpanzee", "macaque", "ape"),
    "motorbike": ("motorcycle", "scooter", "moped", "motor scooter"),
    "mushroom": ("fungus", "toadstool", "agaric"),
    "orange": ("citrus", "mandarin", "orange fruit", "tangerine"),
    "parachute": ("chute", "parachutist", "paraglider", "skydiver"),
    "person": ("human", "man", "woman", "face", "human being"),
    "piano": ("grand piano", "upright piano", "keyboard"),
    "pizza": ("pizza pie", "slice of pizza"),
    "rocket": ("missile", "spacecraft", "launcher", "space rocket"),
    "shirt": ("t shirt", "jersey", "top", "polo shirt", "blouse"),
    "shoe": ("boot", "sneaker", "sandal", "trainer", "clog"),
    "snake": ("serpent", "viper", "python", "cobra", "boa"),
    "table": ("desk", "dining table", "pool table"),
    "teapot": ("tea pot", "kettle", "coffee pot"),
    "tractor": ("farm tractor", "harvester", "farm machine"),
    "train": ("locomotive", "railway train", "steam train", "engine"),
    "trousers": ("pants", "jeans", "slacks", "shorts"),
    "truck": ("lorry", "pickup truck", "fire truck", "garbage truck"),
    "umbrella": ("parasol", "brolly", "sunshade"),
    "watch": ("wristwatch", "clock", "stopwatch", "timepiece"),
}
PLURALS = {  # those that are not the singular with an s or es
    "fish": "fish",
    "goldfish": "goldfish",
    "person": "people",
    "man": "men",
    "woman": "women",
    "aircraft": "aircraft",
    "spacecraft": "spacecraft",
    "deer": "deer",
    "roe": "roe",
    "butterfly": "butterflies",
    "ferry": "ferries",
    "kitty": "kitties",
    "tabby": "tabbies",
    "doggy": "doggies",
    "puppy": "puppies",
    "pony": "ponies",
    "lorry": "lorries",
    "brolly": "brollies",
    "abbey": "abbeys",
    "grizzly": "grizzlies",
    "calf": "calves",
    "fungus": "fungi",
    "furniture": "furniture",
    "citrus": "citrus",
}
LOOKS = {
    "blurred": ("blurred", "blurry", "fuzzy"),
    "monochrome": ("black and white", "monochrome", "greyscale"),
    "dark": ("dark", "dim", "underexposed"),
    "bright": ("bright", "light", "overexposed"),
    "faded": ("faint", "faded", "low contrast"),
    "inverted": ("upside-down", "upside down", "inverted"),
    "noisy": ("noisy", "grainy", "speckled"),
    "covered": ("partly covered", "half hidden", "covered"),
    "small": ("small", "tiny", "far away"),
    "close": ("close-up", "cropped", "zoomed"),
    "drawn": ("sketchy", "pencil drawn", "outlined"),
}
LOOKING = (
    "{look} photo of {}",
    "{look} picture of {}",
    "{look} image of {}",
    "{}, {bare}",
    "{} in {look} photo",
)
LOOKS_OF_THEIR_OWN = {"drawn": ("a drawing of {}", "a sketch of {}", "an outline of {}")}
SHAPES = {
    "silhouettes": ("a silhouette of {}", "the silhouette of {}", "a black silhouette of {}"),
    "geons": ("{} made of geons", "geons of {}", "a grey model of {}", "{} made of simple shapes"),
    "features": ("parts of {}", "some parts of {}", "the features of {}"),
}
ALONE = {"silhouettes": "a silhouette", "geons": "geons", "features": "parts of something"}
SOURCES = {
    "photographed": ("a real photo of {}", "a photograph of {}, real", "{} in real life"),
    "rendered": (
        "a rendering of {}",
        "a computer rendering of {}",
        "{}, a toy",
        "a 3d model of {}",
    ),
}
COUNTS = {"two": ("two", "a pair of", "a couple of"), "four": ("four", "several", "a group of")}
GROUNDS = {
    "sky": ("in the sky", "in the air", "flying"),
    "grass": ("on grass", "on the grass", "on a lawn", "in a meadow"),
    "road": ("on a road", "on the street", "on asphalt"),
    "water": ("on water", "on a lake", "in the water"),
    "room": ("in a room", "indoors", "on the floor"),
    "studio": ("on a plain background", "in a studio"),
}
TEMPLATES = (
    "{}",
    "a photo of {}",
    "a picture of {}",
    "an image of {}",
    "this is {}",
    "this is a photo of {}",
    "here is {}",
    "a snapshot of {}",
    "itap of {}",
    "i took a photo of {}",
    "there is {} in the picture",
    "a photo showing {}",
    "a low resolution photo of {}",
    "a good photo of {}",
    "a nice photo of {}",
    "a bad photo of {}",
    "a cool photo of {}",
    "a weird photo of {}",
    "my photo of {}",
    "one photo of {}",
    "a shot of {}",
    "a view of {}",
    "an example of {}",
    "a jpeg of {}",
    "a scene with {}",
    "that is {}",
    "it is {}",
    "i can see {}",
    "you can see {}",
    "we see {} here",
    "what you see is {}",
    "look at {}",
    "the picture shows {}",
    "in this image there is {}",
)


def article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def plural(name: str) -> str:
    """The plural of a name of one or more words: its last word's, or its first's before "of"."""
    first, of, rest = name.partition(" of ")
    if of:
        return f"{plural(first)} of {rest}"
    before, space, word = name.rpartition(" ")
    if word in PLURALS:
        found = PLURALS[word]
    elif word.endswith("s") and word not in ("bus", "omnibus", "minibus", "ass"):
        found = word
    else:
        found = word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")
    return f"{before}{space}{found}"
