"""The form of a backup file: lines of JSON that together are one JSON document.

The first three lines name the format, the parts with their SHA-256, and the SHA-256 of the lines above. Then comes each
part: a line with its columns, a line for each row, and a line that ends it. So every byte is under a checksum, and both
sides hold one row in memory.
"""

FORMAT = "outlay-ledger"
#: It rises when an older release could no longer read a file, or a newer one has to translate it (`upgrades`).
FORMAT_VERSION = 1
#: The parts that are no tables: names of other people who wrote in the ledger, and preferences of its founder.
PEOPLE, PREFERENCES = "people", "preferences"
FILES = "files/"
#: Bytes of a line, which holds one row.
LONGEST_LINE = 64 * 1024 * 1024
#: Bytes of the line that names the parts, each file being one, and of the directory of a zip: 290,000 files. Either is
#: read at once, and takes several times as much memory.
LONGEST_LIST = 32 * 1024 * 1024
#: The name of the document in a zip.
DOCUMENT = "backup.json"
#: A place in a table that stands for a row that is gone.
GONE = 0
#: Before the key of a category of the system, where the place of an own one would stand.
SYSTEM = "@"
#: The founder, where the place of another person would stand.
FOUNDER = 0
#: The last lines.
END = b"\n}}\n"
#: The comment of a zip: the SHA-256 of all other bytes. A zip without one was packed again by hand.
SEAL_LENGTH = 64
