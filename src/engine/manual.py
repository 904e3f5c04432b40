#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""manual.py HEADER FOLDER - writes the library's manual pages, all but the overview.

`make manual` runs it, and what it wrote is committed, so that building needs no Python; a test says
when that is out of date. The pages are made of the declarations and comments of mapreduce.h, which
so is the one place where a call is explained. What the header does not say is which of its names
stand together on a page: that is PAGES, below. A name of the header that is on no page is an error.

How a comment is read: the one before a declaration is about it and about all that follow without a
blank line or another comment between; of members and enumerators the one behind. One with a blank
line after it is about the section, whose title is the `---- Title ----` before. Words that are names
are marked up as what they are: functions, types, constants, `arguments`.
"""
import re
import sys
from pathlib import Path

DATE = "November 27, 2026"

# Page -> what it is of, in one line; the names on it, in order; the section whose comment begins it;
# what else to see.
PAGES = {
    "mr_map_reduce": ("map and reduce an array by one call", [
        "mr_map_reduce", "mr_map_reduce_submit", "mr_items", "mr_map_item", "mr_reduce_key",
        "mr_tell"], None, ["mr_emit", "mr_put", "mr_submit", "mr_table_count", "mr_values_next"]),
    "mr_run": ("run a MapReduce job to its end", ["mr_run", "mr_stats"], None,
               ["mr_engine_open", "mr_job_spec", "mr_submit"]),
    "mr_submit": ("MapReduce jobs as futures", [
        "mr_submit", "mr_job_poll", "mr_job_wait", "mr_job_cancel", "mr_job_release", "mr_report",
        "mr_progress", "mr_phase", "mr_phase_name", "MR_UNKNOWN"], None,
        ["mr_engine_open", "mr_fail", "mr_job_spec", "mr_run"]),
    "mr_job_spec": ("all that a MapReduce job is", [
        "mr_job_spec", "mr_open", "mr_map", "mr_map_end", "mr_close", "mr_combine", "mr_compare",
        "mr_compare_bytes", "mr_reduce", "mr_rank", "MR_RANK_PAYLOAD", "mr_collect", "mr_value_mode", "MR_VALUE_MOST",
        "mr_order"], None,
        ["mr_emit", "mr_input_files", "mr_output_table", "mr_put", "mr_run", "mr_split_line",
         "mr_submit", "mr_values_next"]),
    "mr_engine_open": ("engines of MapReduce jobs", [
        "mr_engine_open", "mr_engine_close", "mr_engine_threads", "mr_engine_memory",
        "mr_engine_options"], None, ["mr_run", "mr_submit"]),
    "mr_emit": ("emit pairs of a key and a value from a map", [
        "mr_emit", "mr_emit_bytes", "mr_emit_words"], None,
        ["mr_emit_batch", "mr_job_spec", "mr_split_line"]),
    "mr_emit_batch": ("emit many pairs at once", ["mr_emit_batch", "mr_span", "MR_PAD"], "Batches",
                      ["mr_emit"]),
    "mr_values_next": ("read the values of a key in a reduce", [
        "mr_values_next", "mr_values_count", "mr_values_array", "mr_values_rewind",
        "mr_bytes"], None,
        ["mr_job_spec", "mr_put"]),
    "mr_put": ("put results from a reduce", ["mr_put"], None,
               ["mr_job_spec", "mr_rank_of_double", "mr_values_next"]),
    "mr_rank_of_double": ("ranks that are ordered as numbers are", [
        "mr_rank_of_int64", "mr_rank_of_double", "mr_rank_to_int64", "mr_rank_to_double"], None,
        ["mr_put"]),
    "mr_table_count": ("results in memory", [
        "mr_table_count", "mr_table_record", "mr_table_find", "mr_table_release", "mr_record"],
        None, ["mr_input_table", "mr_map_reduce", "mr_output_table"]),
    "mr_input_files": ("ready inputs of MapReduce jobs", [
        "mr_input_files", "mr_input_descriptor", "mr_input_items", "mr_input_table"],
        "Ready inputs", ["mr_input_files_with", "mr_input_new", "mr_job_spec", "mr_split_line"]),
    "mr_split_line": ("read a split in a map", [
        "mr_split_line", "mr_split_record", "mr_split", "mr_line"], None,
        ["mr_emit", "mr_input_files", "mr_input_new"]),
    "mr_output_table": ("ready outputs of MapReduce jobs", ["mr_output_table", "mr_output_tsv"],
                        "Ready outputs", ["mr_job_spec", "mr_output_new", "mr_table_count"]),
    "mr_fail": ("why a call, a callback or a job failed", [
        "mr_fail", "mr_error_set", "mr_status_name", "mr_error", "mr_status"], None, ["mr_submit"]),
    "mr_version": ("the version of the MapReduce library", [
        "mr_version", "MR_VERSION_MAJOR", "MR_VERSION_MINOR", "MR_VERSION_PATCH", "MR_VERSION"],
        None, []),
    "mr_buffer_reserve": ("bytes that grow, within an engine's memory", [
        "mr_buffer_reserve", "mr_buffer_commit", "mr_buffer_data", "mr_buffer_clear"],
        "Bytes that grow", ["mr_input_new", "mr_output_new"]),
    "mr_input_new": ("inputs of one's own", [
        "mr_input_new", "mr_input_reader", "mr_input_prepare", "mr_input_small", "mr_input_retain",
        "mr_input_release", "mr_reader", "MR_UNKNOWN"], "Own inputs",
        ["mr_buffer_reserve", "mr_input_files", "mr_job_spec", "mr_split_line"]),
    "mr_input_files_with": ("files cut by one's own rule, or read past faults", [
        "mr_input_files_with", "mr_input_file_name", "mr_files", "mr_cuts", "mr_lookback",
        "mr_condense", "MR_CONDENSE_END"], "Own cuts of files",
        ["mr_decoder", "mr_input_files", "mr_input_new"]),
    "mr_decoder": ("how FILEs that are encoded become text", [
        "mr_decoder", "mr_encoded", "mr_piece", "MR_HEAD"], "Own decoders of files",
        ["mr_buffer_reserve", "mr_input_files_with"]),
    "mr_output_new": ("outputs of one's own", [
        "mr_output_new", "mr_output_retain", "mr_output_release", "mr_writer"], "Own outputs",
        ["mr_buffer_reserve", "mr_job_spec", "mr_output_table"]),
}
# What has no page: it is for the header's own use.
NOT_FOR_USERS = {"MR_API", "MR_PRINTF", "MAPREDUCE_H"}

COMMENT = re.compile(r"/\*(.*?)\*/", re.S)
SECTION = re.compile(r"^(?:----|====)\s*(.*?)\s*(?:-+|=+)$", re.S)


class Item:
    """A name of the header: a function, callback, enum, struct or constant."""

    def __init__(self, kind, name, text, doc):
        self.kind = kind      # "function", "callback", "enum", "struct", "constant"
        self.name = name
        self.text = text      # the declaration without comments, on one line
        self.doc = doc        # one object for all declarations that share a comment
        self.members = []     # as members_of returns them


def sentence(text):
    """What stands behind a member, with a capital where it does not begin with a name, and a stop."""
    if re.match(r"[a-z]+(?=[ ,:;]|$)", text):
        text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".:" else text + "."


def words_of(comment):
    """A comment without its frame, on one line."""
    lines = comment.split("\n")
    lines[1:] = [re.sub(r"^\s*\* ?", "", line) for line in lines[1:]]
    return " ".join(line.strip() for line in lines).strip()


GAPS = []


def gap(name):
    """A name that no comment explains."""
    GAPS.append(name)


def one_line(text):
    return re.sub(r"\s+", " ", COMMENT.sub(" ", text)).strip()


def members_of(body, end):
    """The members of a struct (end ";") or of an enum (end ","): declaration, comment, remark.

    The comment is the one behind, else the one before. Where there are both, the one before is about
    all that follow: a remark.
    """
    token = re.compile(rf"(?<={end}) */\*(?P<behind>.*?)\*/|\s*/\*(?P<before>.*?)\*/|(?P<blank>\n *\n)|"
                       rf"(?P<item>[^{end}/]+){end}|\s", re.S)
    members, before = [], ""
    at = 0
    while at < len(body):
        match = token.match(body, at)
        if not match:
            sys.exit(f"{body[at:at + 60]!r}: what is that?")
        at = match.end()
        if match.group("behind") is not None:
            declaration, doc, _ = members[-1]
            members[-1] = (declaration, words_of(match.group("behind")), doc)
        elif match.group("before") is not None:
            before = words_of(match.group("before"))
        elif match.group("blank") is not None:
            before = ""
        elif match.group("item") is not None:
            members.append((one_line(match.group("item")), before, ""))
            before = ""
    return members


def read_header(text):
    """All items of the header by name, and the comments of its sections."""
    items, intros = {}, {}
    text = text[text.index("#define MAPREDUCE_H"):]
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.S)
    text = re.sub(r"\\\n", " ", text)
    token = re.compile(
        r"/\*(?P<comment>.*?)\*/|^#define (?P<constant>MR_\w+)(?!\()\s+(?P<value>[^\n]+)|^#[^\n]*|"
        r"(?P<block>(?P<kind>enum|struct) (?P<tag>\w+) \{(?P<body>.*?)^\};)|"
        r"struct \w+;|typedef (?P<callback>[^;]*);|MR_API (?P<function>[^;]*);|(?P<blank>\n[ \t]*(?=\n))|\s",
        re.S | re.M)
    section, doc, comment = None, None, None
    at = 0
    while at < len(text):
        match = token.match(text, at)
        if not match:
            sys.exit(f"{text[at:at + 60]!r}: what is that?")
        at = match.end()
        if match.group("comment") is not None:
            comment = words_of(match.group("comment"))
            head = SECTION.match(comment)
            if head:
                section, comment = head.group(1), None
            doc = {"text": comment or ""}
            continue
        if match.group("blank") is not None:
            if comment and section:
                intros[section] = comment
            comment, doc = None, None
            continue
        item = None
        if match.group("constant"):
            value = re.sub(r"\s*/\*.*", "", match.group("value"))
            item = Item("constant", match.group("constant"), f"{match.group('constant')} {value}", doc)
        elif match.group("block"):
            item = Item(match.group("kind"), match.group("tag"), "", doc)
            item.members = members_of(match.group("body"), ";" if item.kind == "struct" else ",")
        elif match.group("callback"):
            item = Item("callback", re.match(r".*?(\w+)\(", match.group("callback"), re.S).group(1),
                        one_line(match.group("callback")), doc)
        elif match.group("function"):
            declared = re.sub(r"\s*MR_PRINTF\([^)]*\)", "", one_line(match.group("function")))
            item = Item("function", re.match(r".*?(\w+)\(", declared).group(1), declared, doc)
        if item:
            comment = None
            if item.doc is None:
                item.doc = doc = {"text": ""}
            items[item.name] = item
    return items, intros


# ---- mdoc -------------------------------------------------------------------------------------------


def escaped(text):
    """Plain words for mdoc."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("`", "\\(ga")
    text = text.replace("~", "\\(ti")
    return "\\&" + text if text[:1] in (".", "'") else text


class Writer:
    """Text with names marked up, a sentence or 90 characters a line."""

    def __init__(self, items):
        self.items = items
        self.lines = []
        self.words = []

    def macro(self, line):
        self.flush()
        self.lines.append(line)

    def flush(self):
        if self.words:
            self.lines.append(" ".join(self.words))
            self.words = []

    def marked(self, word):
        """The macro and its argument for a word that is a name; None for others."""
        items = self.items
        if re.fullmatch(r"`[^`]+`", word):
            word = word[1:-1]
            return ("Ql" if word.startswith("return") else "Fa", word)
        if re.fullmatch(r"(struct|enum) mr_\w+", word):
            return "Vt", f'"{word}"'
        if re.fullmatch(r"mr_\w+", word):
            if word not in items and word + "s" not in items:
                sys.exit(f"{word}: no name of the header")
            return ("Fn" if word in items and items[word].kind == "function" else "Vt"), word
        if re.fullmatch(r"mr_\w+\.\w+", word):
            return "Fa", word
        if re.fullmatch(r"MR_\w+|NULL|UINT64_MAX", word):
            return "Dv", word
        if re.fullmatch(r"\$[A-Z]+", word):
            return "Ev", word[1:]
        if re.fullmatch(r"(free|memcmp|errno)(\(\))?", word):
            return "Xr", f"{word.rstrip('()')} 3"
        if re.fullmatch(r"/[a-z]+", word):
            return "Pa", word
        if re.fullmatch(r"\*?[a-z0-9]+(_[a-z0-9]+)+|\*[a-z]+|[a-z]+(\.|->)[a-z]+|[a-z]+\[0\]", word):
            return "Fa", word.replace("-", "\\-")
        return None

    def text(self, text):
        """One paragraph."""
        text = re.sub(r"\b(struct|enum) (mr_\w+)", r"\1~\2", text)
        text = re.sub(r"`([^`]+)`", lambda m: m.group().replace(" ", "~"), text)
        for word in text.split():
            word = word.replace("~", " ")
            match = re.fullmatch(r"([\[(]*)(.*?)([.,;:)\]]*)", word)
            before, core, after = match.groups()
            core, tail = re.fullmatch(r"(.*?)('s|s'|)", core).groups()
            if core.endswith("("):
                core, after = core + ")", after.removeprefix(")")
            mark = self.marked(core)
            if mark:
                parts = ["." + mark[0]] + list(before) + [mark[1]]
                if tail:
                    parts += ["Ns", "\\(aqs" + after]
                else:
                    parts += list(after)
                self.macro(" ".join(parts))
            else:
                self.words.append(escaped(word) if not self.words else escaped(word).removeprefix("\\&"))
                if sum(len(w) + 1 for w in self.words) > 90 or re.search(r"[.:]\)?$", word):
                    self.flush()
        self.flush()


def arguments(declaration):
    """Return type, name and arguments of a function or callback."""
    match = re.fullmatch(r"(.*?)\s*(\w+)\((.*)\)", declaration)
    result, name, inside = match.groups()
    parts, depth, begin = [], 0, 0
    for at, letter in enumerate(inside):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(inside[begin:at].strip())
            begin = at + 1
    parts.append(inside[begin:].strip())
    return result, name, parts


def synopsis(out, item):
    if item.kind == "constant":
        out.macro(f".Fd #define {item.text}")
    elif item.kind in ("function", "callback"):
        result, name, parts = arguments(item.text)
        kind = "typedef " if item.kind == "callback" else ""
        out.macro(f'.Ft "{kind}{result}"')
        out.macro(f".Fn {name} " + " ".join(f'"{part}"' for part in parts))


def listed(out, tags, text):
    """One item of a list."""
    out.macro(".It " + " , ".join(tags))
    out.text(text)


def members(out, item):
    """The members of a struct or the names of an enum."""
    begin = ".Bl -tag -width Ds"
    if not any(doc for _, doc, _ in item.members):
        out.macro(".Pp")
        begin += " -compact"
    out.macro(begin)
    for declaration, doc, remark in item.members:
        if remark:
            out.macro(".El")
            out.macro(".Pp")
            out.text(remark)
            out.macro(begin)
        named = re.search(r"\(\*(\w+)\)|(\w+)(?:\[\w+\])?(?: = \w+)?$", declaration)
        named = named.group(1) or named.group(2)
        of = named.removesuffix("_size") or named
        texts = " ".join([item.doc["text"]] + [other for _, other, _ in item.members if other])
        if not doc and named != "struct_size" and not re.search(rf"\b{of}\b", texts) and \
                not any(re.search(rf"\b{of}$", other) and text for other, text, _ in item.members):
            gap(f"{item.name}.{named}")
        if item.kind == "enum":
            name, value = re.fullmatch(r"(\w+)\s*=\s*(\w+)", declaration).groups()
            listed(out, [f"Dv {name} No = {value}"], sentence(doc))
        elif declaration == "size_t struct_size":
            listed(out, [f'Fa "{declaration}"'], f"sizeof(struct~{item.name}), set by the caller.")
        else:
            listed(out, [f'Fa "{declaration}"'], sentence(doc))
    out.macro(".El")


def page(name, items, intros):
    title, names, section, see = PAGES[name]
    out = Writer(items)
    out.macro('.\\" SPDX-License-Identifier: MIT')
    out.macro('.\\"')
    out.macro('.\\" Made of src/engine/mapreduce.h by `make manual`: change it there.')
    out.macro(f".Dd {DATE}")
    out.macro(f".Dt {name.upper()} 3")
    out.macro(".Os")
    out.macro(".Sh NAME")
    # Constants are too many, and too well found by what they belong to, for a link each.
    own = [name] + [other for other in names if other != name and items[other].kind != "constant"]
    for other in own:
        out.macro(f".Nm {other}" + (" ," if other != own[-1] else ""))
    out.macro(f".Nd {title}")
    out.macro(".Sh LIBRARY")
    out.macro("MapReduce engine")
    out.macro(".Pq libmapreduce, \\-lmapreduce")
    out.macro(".Sh SYNOPSIS")
    out.macro(".In mapreduce.h")
    for other in names:
        synopsis(out, items[other])
    out.macro(".Sh DESCRIPTION")
    if section in intros:
        out.text(intros[section])
    calls = [items[other] for other in names if items[other].kind in ("function", "callback", "constant")]
    blocks = [items[other] for other in names if items[other].kind in ("struct", "enum")]
    # A page of a struct begins with that.
    first = [item for item in blocks if item.name == name]
    for item in first:
        describe_block(out, item)
    if calls:
        if first:
            out.macro(".Ss Callbacks and calls")
        described(out, calls)
    for item in blocks:
        if item not in first:
            describe_block(out, item)
    if any(item.kind == "function" and item.text.startswith("enum mr_status") for item in calls):
        out.macro(".Sh RETURN VALUES")
        out.macro("Calls that return an")
        out.macro('.Vt "enum mr_status"')
        out.macro("return")
        out.macro(".Dv MR_OK ,")
        out.macro("which is 0, or what went wrong:")
        out.macro("one of those above." if "mr_status" in names else "see")
        if "mr_status" not in names:
            out.macro(".Xr mr_status 3 .")
    out.macro(".Sh SEE ALSO")
    others = sorted(set(see) | {"mapreduce"})
    for other in others:
        out.macro(f".Xr {other} 3" + (" ," if other != others[-1] else ""))
    out.flush()
    return "\n".join(out.lines) + "\n"


def describe_block(out, item):
    if not item.doc["text"]:
        gap(item.name)
    out.macro(f".Ss {item.kind} {item.name}")
    out.text(item.doc["text"])
    if item.members:
        members(out, item)


def described(out, calls):
    """Functions, callbacks and constants, those with one comment together."""
    out.macro(".Bl -tag -width Ds")
    done = set()
    for item in calls:
        if item.name in done:
            continue
        if not item.doc["text"]:
            gap(item.name)
        together = [other for other in calls if other.doc is item.doc]
        done.update(other.name for other in together)
        marks = {"function": "Fn", "callback": "Vt", "constant": "Dv"}
        listed(out, [f"{marks[other.kind]} {other.name}" for other in together], item.doc["text"])
    out.macro(".El")


def main():
    header, folder = Path(sys.argv[1]), Path(sys.argv[2])
    items, intros = read_header(header.read_text(encoding="utf-8"))
    shown = {name for _, names, _, _ in PAGES.values() for name in names}
    for name in sorted(set(items) - shown - NOT_FOR_USERS):
        sys.exit(f"{name}: on no page; PAGES of manual.py says which")
    for name in sorted(shown - set(items)):
        sys.exit(f"{name}: no name of the header")
    pages = {name: page(name, items, intros) for name in PAGES}
    if GAPS:
        sys.exit(f"{header}: no comment explains {', '.join(GAPS)}")
    for name, text in pages.items():
        (folder / f"{name}.3").write_text(text, encoding="utf-8")


main()
