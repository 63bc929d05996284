"""Every limit on what a visitor may send, ask for or make Headlight hold, in one place. Imports nothing.

Sizes are in bytes, times in seconds, unless a name says otherwise. README's table of what one visitor can cost is
computed from these; `python -m bench.hostile` measures it. How much of an answer is shown stands where it is drawn.
"""

from __future__ import annotations

# Names and texts that are typed.
NAME_LETTERS = 300  # of a model's or an image set's name
TEXT_LETTERS = 2_000_000  # of a text of class names, templates or a label map

# Pictures.
PIXEL_LIMIT = 25_000_000  # that are decoded
JPEG_LIMIT = (
    65_000_000  # of a JPEG, which is decoded at half its size; progressive, 8 bytes a pixel
)
ASPECT_LIMIT = 100  # a processor that resizes the short side first blows up longer strips
LARGE_PIXELS = 4_000_000  # from which on few pictures are decoded at once
LARGE_AT_ONCE = 2

# A question about one photo.
PHOTO_CLASSES = 1000  # class names, or texts for a CLIP
WORD_LETTERS = 5000  # of one class name, template or model's name
LABEL_LETTERS = 300  # of a text over the API; a CLIP reads 77 tokens and drops the rest unseen
REMOVED_AT_ONCE = (
    10_000  # heads, blocks or patches taken out over the API; a Swin's first grid has 4,096 patches
)
MODELS_AT_ONCE = 6  # compared or asked together; 64 cells of who is right

# Labelled image sets, which come from strangers as a zip, a parquet file or a name on the Hub.
LABEL_LENGTH = 200  # characters of a label; longer ones are cut
CELL_LENGTH = 1000  # characters of a caption or a table's cell
SET_CLASSES = 10_000  # classes of a set, as many as a CLIP is asked about
KEPT_BYTES = 300_000_000  # of pictures held in memory for one set
READING_SECONDS = 300  # of reading one set, downloads not counted
DRAWN = 2000  # pictures drawn of a set, unless more are asked for
MOST_DRAWN = 10_000
MOST_MAPPED = 50_000
EMBEDDED_BYTES = (
    1_000_000_000  # of a set in one space; 10,000 pictures × 21,841 outputs: 874 million
)
SPLIT_BYTES = 3_000_000_000  # of one split on the Hub
HUB_SECONDS = 10  # to wait for the Hub's first answer
FOLDER_FILES = 1_000_000  # in a folder on this computer

# Zips.
MEMBERS = 100_000  # files in a zip
FOLDERS = 20  # around one file
DIRECTORY_BYTES = 20_000_000  # of a zip's list of files
PICTURE_BYTES = 50_000_000  # of one picture's file, in a zip or a parquet file
RATIO = 200  # unpacked over packed; pictures are packed already, so theirs is near 1
SMALL = 100_000_000  # bytes unpacked that are harmless at any ratio
TABLE_BYTES = 20_000_000  # of a set's csv table

# Parquet files.
ROWS = 2_000_000
FOOTER_BYTES = 4_000_000  # of a parquet file's directory
PAGES = 50_000  # pages of the columns that are read
LABEL_BYTES = 200_000_000  # unpacked, of the label column
TEXT_PAGE_BYTES = 64_000_000  # unpacked, of one page of texts
PICTURE_PAGE_BYTES = 300_000_000  # unpacked, of one page; some writers put 1,000 pictures in one
BATCH_BYTES = 64_000_000  # unpacked at a time

# Prompts. A CLIP reads 77 tokens of a text, some 400 letters; what is longer costs its tokenizer and tells it nothing.
TEMPLATES = 200
PROMPTS = 50_000  # templates times class names and synonyms
LONGEST_LINE = 1000  # characters of one typed line
LONGEST_PROMPT = 5000  # characters of a template with a class name in it
PROMPT_LETTERS = (
    5_000_000  # of all prompts together; 80 templates of a thousand classes have 3 million
)
TEMPLATES_COMPARED = 4  # side by side on one picture
NOTED = 1000  # classes that are looked over for words a CLIP never saw

# Answers.
CELLS_AT_ONCE = 4_000_000  # scores, pictures times classes, held at once: 16 MB in float32
MATRIX_CLASSES = 200  # of a confusion matrix sent whole; of more, only the pairs that were met
MISTAKES = 20  # commonest mistakes listed
PICTURES_SHOWN = 48  # small pictures of one answer
SHEET_PICTURES = 400  # of one sheet of the Map
SENT_WHOLE = 4_000_000  # bytes of a picture that goes to another tab as it is

# Questions. Thirty students behind one school's address open the page at once and ask about 120 questions: so an address
# may have more than three times that, a single page a third of a class's, and the queue still has places for others.
WAITING = 512  # questions in the queue at most
OF_ONE_PAGE = 40  # questions of one open page, waiting or at work; the page has 35 lines
OF_ONE_ADDRESS = 400  # questions of one address
OPEN_REQUESTS = 300  # requests of one address at once; an open page holds two
QUESTION_BYTES = 16_000_000  # classes, templates and three label maps of 2 million letters each
BRACKETS, COMMAS = 20_000, 1_000_000  # in its JSON, whose objects cost fifty times their letters
INPUTS = 20  # of one event
ADDRESS_LETTERS = 4000  # of a request's path and query
FILE_LETTERS = 4000  # of a file's path or name
QUESTION_SECONDS = 1800  # 50,000 photos shown to three models take 18 minutes; what is done is kept
ENDPOINT_SECONDS = 600  # the same for other programs, which are answered for 2,000 pictures
ENDPOINT_CALLS = 4  # of one endpoint that run together
ASKERS = 4096  # lines of open pages whose last stop is remembered
ANSWERED_PAGES = 500  # whose last answers Gradio keeps, up to a megabyte or two each

# Uploads.
UPLOAD_BYTES = 300_000_000  # of one file
UPLOADED_BYTES = 6_000_000_000  # on disk, of all visitors
UPLOADED_FILES = 5000
UPLOADED_OF_ONE_ADDRESS = 2_000_000_000  # thirty students with a set of 60 MB each
UPLOADS_OF_ONE_ADDRESS = 1000
UPLOAD_PAGES = 1000  # open pages noted of one file
GONE_SECONDS = 300  # after a visitor's last page is closed; a reload comes back sooner
UNUSED_SECONDS = 3600  # of an upload that no open page has asked about, as other programs' are

# Checkpoints, of which whoever may name a Hub id may make one.
CHECKPOINT_BYTES = 2_500_000_000
WEIGHTS = 1_500_000_000  # numbers: 6 GB in float32
TENSORS = 10_000
WEIGHT_FILES = 50
HEADER_BYTES = 4_000_000  # of one file; that of a CLIP with 2.5 billion weights has 0.2 million
CONFIG_BYTES = 10_000_000  # of one JSON file beside the weights
VOCABULARY_BYTES = 20_000_000  # of a tokenizer's file
ADDED_TOKENS = 1000  # beside the vocabulary
TEXT_TOKENS = 1024  # a text is padded to
PIECES = 16  # tokens that a template puts around each text
ATTENTION_BYTES = 2_000_000_000  # of one photo's weights; ViT-L/14 at 336 px has 511 million
PICTURE_SIDE = 2048  # the largest number in a preprocessing configuration
CHECKPOINT_NUMBERS = {  # of a configuration, and the most each may be; lists of them count together
    "num_hidden_layers": 128,
    "layers": 128,
    "depths": 128,
    "num_attention_heads": 128,
    "heads": 128,
    "num_heads": 512,
    "hidden_size": 8192,
    "width": 8192,
    "embed_dim": 8192,
    "projection_dim": 8192,
    "head_width": 8192,
    "intermediate_size": 32_768,
    "image_size": 2048,
    "patch_size": 1024,
    "window_size": 64,
    "num_channels": 16,
    "vocab_size": 500_000,
    "max_position_embeddings": 1024,
    "context_length": 1024,
    "num_labels": 100_000,
}

# What is held for the next question, the last used; on disk, embeddings alone.
MODELS_HELD = 6_000_000_000
SETS_HELD = 900_000_000  # pictures that live in memory, as those of a zip do
FEATURES_HELD = 300_000_000
PROMPTS_HELD = 250_000_000  # 50,000 prompts of 1,024 numbers have 205 million
TEXTS_HELD = 20_000  # texts of one CLIP
ANSWERS_HELD = 200_000_000
LABEL_MAPS_HELD = 20_000_000
LAYOUTS_HELD = 600_000_000
PHOTOS_HELD = 300_000_000
TRACES_HELD = 600_000_000  # a ViT-L/14 at 336 px alone has 511 million
THUMBNAILS_HELD = 60_000_000
TILES_HELD = 80_000_000
STORE_BYTES = 2_000_000_000  # of embeddings on disk
