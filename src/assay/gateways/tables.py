"""Read any table file that a user brings.

Reads CSV, TSV, JSON Lines, JSON and Parquet, also gzipped; UTF-8, UTF-16 with its mark, Chinese in
GB18030.
Writes nothing, guesses no types: text stays the text that stands in the file. What is larger than
the limits is refused while it is read.
"""

from __future__ import annotations

import codecs
import difflib
import io
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.errors import MissingFile, SourceRefused
from assay.gateways import objects
from assay.gateways.bounds import Bounds
from assay.gateways.encoded import require_decodable
from assay.settings.limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.settings.limits import Limits

READABLE = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Korean, Japanese and much else decodes as GB18030 too, to Chinese that nobody wrote. The commonest
# characters of Chinese tell: they are two thirds of real text (never less than 0.3 of three reviews
# or paragraphs, simplified or traditional), and of EUC-KR, EUC-JP, Shift-JIS or Big5 that was
# misread 0.06 at most (0.15 of three paragraphs).
COMMONEST = frozenset(
    # by frequency, simplified
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
    "发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本"
    "前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很"
    "最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度"
    "门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电"
    "数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马"
    "科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万"
    "取拉格望觉术领共确传师观清今切院让识候带导争运"
    # the traditional forms of the same
    "這個們來為國說時對於過發後裡種經麼學現當沒動還進樣從實軍無與長機關點業將兩間問並應戰頭體見產"
    "話內給門東聲員論處義幾認條氣題爾別變總電數報結務場計資許統區隊決馬書則聽卻達強難權設記類據邊"
    "張該規萬覺術領確傳師觀讓識帶導爭運"
)
COMMON_SHARE = 0.25


def read_table(path: Path, limits: Limits = DEFAULT) -> pd.DataFrame:
    """Read a CSV, TSV, JSON Lines or Parquet file, also gzipped, UTF-8 or GB18030.

    Every cell of a text file comes as the text that stands there: ``007`` stays ``007`` and an
    empty cell is missing.

    Raises:
        MissingFile: nothing is there.
        SourceRefused: empty, of another kind, in another encoding, torn, or larger than
            ``limits``; what was found too large is named.

    """
    if not path.is_file():
        raise MissingFile(
            f"there is no file {path}",
            expected="a CSV, TSV, JSON Lines or Parquet file",
            cure="check the path (relative paths start where you are)",
        )
    kind = "".join(path.suffixes[-2:]).lower().removesuffix(".gz")
    kind = kind[kind.rfind(".") :] if "." in kind else kind
    if kind not in READABLE:
        raise SourceRefused(
            f"{path} ends in {path.suffix or 'nothing'}",
            expected=" ".join(READABLE) + ", each also with .gz",
            cure="save the table as CSV in UTF-8",
        )
    if path.stat().st_size == 0:
        raise _empty(path)
    try:
        bounds = Bounds(path, limits)
        table = _parse_parquet(bounds) if kind == ".parquet" else _parse(bounds, kind)
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as problem:
        raise SourceRefused(
            f"{path} cannot be read: {problem}",
            expected=f"a whole {kind} file",
            cure="open it, mend the place named above, and save it anew",
        ) from problem
    except MemoryError as problem:
        raise SourceRefused(
            f"{path} does not fit into the memory that this process may use",
            expected=f"a table that does; ingest.limits.table_bytes lets {limits.table_bytes:,} "
            "bytes through",
            cure="bring less of it, or read it on a machine with more memory",
        ) from problem
    if table.empty:
        raise _empty(path)
    return table


def column_of(path: Path, names: Sequence[str], configured: str, ours: str) -> str:
    """Return which of a table's columns to read: the configured one, or the one by our own name.

    Raises:
        SourceRefused: neither is there; the nearest is named.

    """
    for name in (configured, ours):
        if name in names:
            return name
    near = difflib.get_close_matches(configured, names, n=1, cutoff=0.4)
    raise SourceRefused(
        f"{path} has no column {configured!r}; it has " + ", ".join(map(repr, names)),
        expected=f"the {ours}'s column, {configured!r} by ingest.{ours} in params.yaml",
        cure=(f"did you mean {near[0]!r}? " if near else "")
        + f"Rename the column in the file, or set ingest.{ours} in params.yaml",
    )


def _parse_parquet(bounds: Bounds) -> pd.DataFrame:
    content = bounds.content()
    require_decodable(content, bounds)
    table = pd.read_parquet(io.BytesIO(content))
    # A named index is a column that pandas was told to count by; an unnamed one says nothing.
    return table.reset_index(drop=table.index.names == [None])


def _parse(bounds: Bounds, kind: str) -> pd.DataFrame:
    text = _decode(bounds)
    if not text.strip():
        raise _empty(bounds.path)
    if kind == ".json":
        return objects.from_document(text, bounds)
    if kind in (".jsonl", ".ndjson"):
        return objects.from_lines(text, bounds)
    separator = "\t" if kind == ".tsv" else ","
    bounds.require_lines(text)
    bounds.require_header(text, separator)
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "na_values": [""]}
    table: pd.DataFrame = pd.read_csv(io.StringIO(text), sep=separator, **options)
    if not isinstance(table.index, pd.RangeIndex):
        # pandas takes surplus cells at the left for row names: texts would lose their beginnings.
        raise ValueError("rows hold more cells than the header line; put texts in double quotes")
    bounds.require_texts(table)
    return table


def _decode(bounds: Bounds) -> str:
    content, path = bounds.content(), bounds.path
    if content.startswith(UTF_16):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        bad = problem.start
    text = _as_chinese(content)
    if text is not None:
        return text
    raise SourceRefused(
        f"{path} is neither UTF-8 nor Chinese in GB18030: byte {content[bad]:#04x} at position "
        f"{bad:,}",
        expected="text in UTF-8, in UTF-16 with its mark, or Chinese in GB18030 (or GBK)",
        cure="save it as UTF-8 where it was made, or convert it: "
        f"iconv -f YOUR_ENCODING -t UTF-8 {path.name} > utf8{path.suffix}",
    )


def _as_chinese(content: bytes) -> str | None:
    """Return the text if it is GB18030 and reads like Chinese; nothing else must pass for it."""
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    counts = Counter(text)
    foreign = sum(count for one, count in counts.items() if one.isalpha() and not one.isascii())
    common = sum(counts[one] for one in COMMONEST)
    return text if common and common >= COMMON_SHARE * foreign else None


def _empty(path: Path) -> SourceRefused:
    return SourceRefused(
        f"{path} is empty",
        expected="a header line and at least one row",
        cure="export the table again, or take the file away",
    )
