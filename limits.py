"""Every limit on what a visitor may send, ask for or make Headlight hold, in one place. Imports nothing.

Sizes are in bytes, times in seconds, unless a name says otherwise. README's table of what one visitor can cost is
computed from these; `python -m bench.hostile` measures it.
"""

from __future__ import annotations

# Labelled image sets, which come from strangers as a zip, a parquet file or a name on the Hub.
LABEL_LENGTH = 200  # characters of a label; longer ones are cut
CELL_LENGTH = 1000  # characters of a caption or a table's cell
SET_CLASSES = 10_000  # classes of a set, as many as a CLIP is asked about
KEPT_BYTES = 300_000_000  # of pictures held in memory for one set
READING_SECONDS = 300  # of reading one set, downloads not counted

# Zips.
MEMBERS = 100_000  # files in a zip
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
PICTURE_PAGE_BYTES = 300_000_000  # unpacked, of one page of pictures; some writers put 1,000 in one
BATCH_BYTES = 64_000_000  # unpacked at a time

# Prompts. A CLIP reads 77 tokens of a text, some 400 letters; what is longer costs its tokenizer and tells it nothing.
TEMPLATES = 200
PROMPTS = 50_000  # templates times class names and synonyms
LONGEST_LINE = 1000  # characters of one typed line
LONGEST_PROMPT = 5000  # characters of a template with a class name in it
PROMPT_LETTERS = 5_000_000  # characters of all prompts together; 80 templates of a thousand classes have 3 million

# Answers.
MATRIX_CLASSES = (
    200  # classes of a confusion matrix sent whole; of more, only the pairs that were met
)
MISTAKES = 20  # commonest mistakes listed

# Questions. Thirty students behind one school's address open the page at once and ask about 120 questions: so an address
# may have more than three times that, a single page a third of a class's, and the queue still has places for others.
WAITING = 512  # questions in the queue at most
OF_ONE_PAGE = 40  # questions of one open page, waiting or at work; the page has 35 lines
OF_ONE_ADDRESS = 400  # questions of one address
OPEN_REQUESTS = 300  # requests of one address at once; an open page holds two
QUESTION_BYTES = (
    16_000_000  # of one question: classes, templates and three label maps of 2 million letters each
)
BRACKETS, COMMAS = (
    20_000,
    1_000_000,
)  # in a question's JSON, whose objects cost fifty times its letters
QUESTION_SECONDS = (
    1800  # 50,000 photos shown to three models take 18 minutes on two cores; what is done is kept
)
ENDPOINT_SECONDS = 600  # the same for other programs, which are answered for 2,000 pictures

# Uploads.
UPLOAD_BYTES = 300_000_000  # of one file
UPLOADED_BYTES = 6_000_000_000  # on disk, of all visitors
UPLOADED_FILES = 5000
UPLOADED_OF_ONE_ADDRESS = 2_000_000_000  # thirty students with a set of 60 MB each
UPLOADS_OF_ONE_ADDRESS = 1000
GONE_SECONDS = (
    300  # after a visitor's last page is closed; a reload or a lost connection comes back sooner
)
UNUSED_SECONDS = 3600  # of an upload that no open page has asked about, as other programs' are
