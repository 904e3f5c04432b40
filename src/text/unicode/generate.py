#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes tables.h and tables.c, the character properties that words and case_fold look up,
normal_tables.h and normal_tables.c, those of normalize, and width_tables.h and width_tables.c,
those of cli/width.

    generate.py UCD-DIRECTORY [OUTPUT-DIRECTORY]

UCD-DIRECTORY holds the Unicode Character Database as Debian's unicode-data installs it in
/usr/share/unicode (files may lie in the subfolders of the original and may be gzipped). The output
goes beside this script, and what is cli's to src/cli, unless told otherwise, and depends on nothing
but the data.
"""
import gzip
import os
import re
import sys

sys.dont_write_bytecode = True  # nothing but the tables goes beside this script
import normal
import width

CODES = 0x110000
DIRECT = 0x800  # below it (all of UTF-8's two-byte characters) no first stage is needed

# Word_Break as words.c sees it. Format acts as Extend in every rule; Extended_Pictographic matters
# only after a ZWJ (WB3c), so it makes classes of its own for the values it meets.
CLASSES = ["OTHER", "CR", "LF", "NEWLINE", "EXTEND", "ZWJ", "ALETTER", "HEBREW", "NUMERIC",
           "KATAKANA", "EXTENDNUMLET", "REGIONAL", "SPACE", "MIDLETTER", "MIDNUM", "MIDNUMLET",
           "SINGLE_QUOTE", "DOUBLE_QUOTE", "PICTOGRAPHIC", "ALETTER_PICTOGRAPHIC"]
WORD_BREAK = {
    "CR": "CR", "LF": "LF", "Newline": "NEWLINE", "Extend": "EXTEND", "Format": "EXTEND",
    "ZWJ": "ZWJ", "ALetter": "ALETTER", "Hebrew_Letter": "HEBREW", "Numeric": "NUMERIC",
    "Katakana": "KATAKANA", "ExtendNumLet": "EXTENDNUMLET", "Regional_Indicator": "REGIONAL",
    "WSegSpace": "SPACE", "MidLetter": "MIDLETTER", "MidNum": "MIDNUM", "MidNumLet": "MIDNUMLET",
    "Single_Quote": "SINGLE_QUOTE", "Double_Quote": "DOUBLE_QUOTE",
}
PICTOGRAPHIC = {"OTHER": "PICTOGRAPHIC", "ALETTER": "ALETTER_PICTOGRAPHIC"}
KEEP = 0x80
WHITE = 0x40

NOTICE = """/* SPDX-License-Identifier: MIT AND Unicode-DFS-2016
 *
 * tables - character properties, made by generate.py from the Unicode Character Database. Do not
 * edit. The data is Copyright (c) 1991-2022 Unicode, Inc. All rights reserved. Distributed under
 * the Terms of Use in https://www.unicode.org/copyright.html; this form of it has been modified.
 */
"""


def find(directory, name):
    for folder in ("", "auxiliary", "emoji", "extracted"):
        for suffix in ("", ".gz"):
            path = os.path.join(directory, folder, name + suffix)
            if os.path.exists(path):
                return path
    sys.exit(f"generate.py: {name}: not found below {directory}")


def lines(directory, name):
    path = find(directory, name)
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def ranges(directory, name):
    """(first, last, value) of each line of a property file."""
    for line in lines(directory, name):
        fields = [field.strip() for field in line.split("#")[0].split(";")]
        if len(fields) < 2:
            continue
        first, _, last = fields[0].partition("..")
        yield int(first, 16), int(last or first, 16), fields[1]


def version(directory):
    """The version in the first line of the data, which all the files must share."""
    found = set()
    for name in ("WordBreakProperty.txt", "DerivedCoreProperties.txt", "CaseFolding.txt",
                 "DerivedGeneralCategory.txt", "PropList.txt", "DerivedNormalizationProps.txt",
                 "EastAsianWidth.txt", "HangulSyllableType.txt"):
        match = re.match(r"# \w+-(\d+\.\d+\.\d+)\.txt", lines(directory, name)[0])
        found.add(match.group(1) if match else "unknown")
    if len(found) != 1 or "unknown" in found:
        sys.exit(f"generate.py: the files are of different versions: {sorted(found)}")
    number = found.pop()
    emoji = "\n".join(lines(directory, "emoji-data.txt")[:20])
    if not re.search(r"Version:? " + re.escape(number.rsplit(".", 1)[0]) + r"\b", emoji):
        sys.exit("generate.py: emoji-data.txt is of another version")
    return number


def word_properties(directory):
    names = ["OTHER"] * CODES
    for first, last, value in ranges(directory, "WordBreakProperty.txt"):
        for code in range(first, last + 1):
            names[code] = WORD_BREAK[value]
    for first, last, value in ranges(directory, "emoji-data.txt"):
        if value == "Extended_Pictographic":
            for code in range(first, last + 1):
                names[code] = PICTOGRAPHIC[names[code]]
    table = bytearray(CLASSES.index(name) for name in names)
    for first, last, value in ranges(directory, "DerivedCoreProperties.txt"):
        if value == "Alphabetic":
            for code in range(first, last + 1):
                table[code] |= KEEP
    for first, last, value in ranges(directory, "DerivedGeneralCategory.txt"):
        if value.startswith("N"):
            for code in range(first, last + 1):
                table[code] |= KEEP
    for first, last, value in ranges(directory, "PropList.txt"):
        if value == "White_Space":
            for code in range(first, last + 1):
                table[code] |= WHITE
    return list(table)


def pairs(properties):
    """For each byte that can begin a word's letter or be what is between words, and the byte after
    it, whether it is so: see pairs.c. ASCII that joins letters (WB6) or is part of words is not."""
    common = CLASSES.index("ALETTER") | KEEP
    gaps = [CLASSES.index(name) for name in ("OTHER", "CR", "LF", "NEWLINE", "SPACE", "MIDNUM",
                                             "DOUBLE_QUOTE")]
    masks = [0] * 256
    for code in range(0x80):
        if properties[code] & ~WHITE in gaps:
            masks[code] = (1 << 64) - 1
    for code in range(0x80, 0x800):
        if properties[code] == common:
            masks[0xC0 | code >> 6] |= 1 << (code & 0x3F)
    return [f"0x{mask:X}" for mask in masks]


def foldings(directory):
    """For each code point the index of its folded form (0: itself), and the forms in UTF-8."""
    table, forms = [0] * CODES, [b""]
    for line in lines(directory, "CaseFolding.txt"):
        fields = [field.strip() for field in line.split("#")[0].split(";")]
        if len(fields) < 3 or fields[1] not in ("C", "F"):
            continue
        code = int(fields[0], 16)
        form = "".join(chr(int(c, 16)) for c in fields[2].split()).encode("utf-8")
        if len(form) > 3 * len(chr(code).encode("utf-8")) or len(form) > 7:
            sys.exit(f"generate.py: the folding of U+{code:04X} is longer than case_fold.h allows")
        table[code] = len(forms)
        forms.append(form)
    return table, forms


# What triples.c asks of a character; a bit moved left by one is what may not follow it.
TRIPLE_WHITE, TRIPLE_ATTACHED, TRIPLE_LETTER, TRIPLE_MID, TRIPLE_KATAKANA, TRIPLE_STOP = (
    1, 2, 4, 8, 16, 64)
TRIPLES = {"OTHER": 0, "CR": 0, "LF": 0, "NEWLINE": 0, "SPACE": 0, "MIDNUM": 0, "DOUBLE_QUOTE": 0,
           "PICTOGRAPHIC": 0, "EXTEND": TRIPLE_ATTACHED, "ALETTER": TRIPLE_LETTER,
           "KATAKANA": TRIPLE_KATAKANA, "MIDLETTER": TRIPLE_MID, "MIDNUMLET": TRIPLE_MID,
           "SINGLE_QUOTE": TRIPLE_MID}


def triples(properties, folds):
    """The kinds of three-byte characters in two stages, by the low bits of the first two bytes and
    by those of the third; before these, as the first two blocks, the kinds of ASCII."""
    def kind(code):
        if 0x80 <= code < 0x800 or 0xD800 <= code < 0xE000:
            return TRIPLE_STOP  # no three bytes encode it
        name = CLASSES[properties[code] & 0x1F]
        if name not in TRIPLES or folds[code] or code < 0x80 and TRIPLES[name] == TRIPLE_LETTER:
            return TRIPLE_STOP
        white = TRIPLE_WHITE if properties[code] & WHITE else 0
        return TRIPLES[name] | white | properties[code] & KEEP
    kinds = [kind(code) for code in range(0x10000)]
    blocks = [tuple(kinds[:64]), tuple(kinds[64:128])]
    first = []
    for start in range(0, 0x10000, 64):
        block = tuple(kinds[start:start + 64]) if start >= 0x800 else (TRIPLE_STOP,) * 64
        if block not in blocks[2:]:
            blocks.append(block)
        first.append(blocks.index(block, 2))
    return first, [value for block in blocks for value in block]


def two_stages(table, shift, width):
    """Splits a table into blocks; the blocks of DIRECT stay in place, so that a code point below
    it indexes the second stage itself. `width` is the bytes an element takes."""
    size = 1 << shift
    first, second, seen = [], [], {}
    for start in range(0, CODES, size):
        block = tuple(table[start:start + size])
        if start < DIRECT:
            seen.setdefault(block, len(second) >> shift)
            first.append(len(second) >> shift)
            second.extend(block)
            continue
        if block not in seen:
            seen[block] = len(second) >> shift
            second.extend(block)
        first.append(seen[block])
    while len(first) > 1 and first[-1] == first[-2]:
        first.pop()  # the tail is one block: the lookup stops at the last of it
    cost = len(first) * (1 if max(first) < 256 else 2) + len(second) * width
    return cost, shift, first, second


def smallest(table, width):
    return min((two_stages(table, shift, width) for shift in range(4, 12)),
               key=lambda result: result[:2])


def array(name, kind, values, element=""):
    out, row = [f"const {kind} {name}[{len(values)}]{element} = {{\n"], "   "
    for value in values:
        item = f" {value},"
        if len(row) + len(item) > 99:
            out.append(row + "\n")
            row = "   "
        row += item
    out.append(row + "\n};\n")
    return "".join(out)


def integer(values):
    return "uint8_t" if max(values) < 256 else "uint16_t"


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    directory = sys.argv[1]
    output = sys.argv[2] if len(sys.argv) == 3 else os.path.dirname(os.path.abspath(__file__))
    cli = sys.argv[2] if len(sys.argv) == 3 else os.path.join(output, "..", "..", "cli")

    properties = word_properties(directory)
    _, word_shift, word_first, word_second = smallest(properties, 1)
    fold_table, forms = foldings(directory)
    _, fold_shift, fold_first, fold_second = smallest(fold_table, 2)
    triple_first, triple_second = triples(properties, fold_table)

    classes = "".join(f"    UNICODE_{name},\n" for name in CLASSES)
    header = f"""{NOTICE}#ifndef TEXT_UNICODE_TABLES_H
#define TEXT_UNICODE_TABLES_H

#include <stdint.h>

#define UNICODE_VERSION "{version(directory)}"

/* Word_Break, with Format counted as EXTEND and Extended_Pictographic told apart. */
enum unicode_class {{
{classes}    UNICODE_CLASSES,
}};
#define UNICODE_CLASS 0x1F /* the class in what unicode_word returns */
#define UNICODE_KEEP 0x{KEEP:02X}  /* set in it for Alphabetic or General_Category N */
#define UNICODE_WHITE 0x{WHITE:02X} /* set in it for White_Space */

#define UNICODE_DIRECT 0x{DIRECT:X} /* code points below index the second stage themselves */

#define UNICODE_WORD_SHIFT {word_shift}
#define UNICODE_WORD_LAST {len(word_first) - 1}
extern const {integer(word_first)} unicode_word_first[{len(word_first)}];
extern const uint8_t unicode_word_second[{len(word_second)}];

#define UNICODE_FOLD_SHIFT {fold_shift}
#define UNICODE_FOLD_LAST {len(fold_first) - 1}
extern const {integer(fold_first)} unicode_fold_first[{len(fold_first)}];
extern const uint16_t unicode_fold_second[{len(fold_second)}];

/* By the first of two bytes a mask with, at the place that the low six bits of the second name, a 1
 * where they encode an ALETTER to be kept; all ones for ASCII that ends a word of such letters. */
extern const uint64_t unicode_pairs[256];

/* Of a character of three bytes, or of ASCII, how triples.c goes on with it. A letter is of class
 * ALETTER, a mid is what may join letters, and a stop is what else there is, or what has another
 * folded form. */
#define UNICODE_TRIPLE_WHITE 0x{TRIPLE_WHITE:02X}
#define UNICODE_TRIPLE_ATTACHED 0x{TRIPLE_ATTACHED:02X}
#define UNICODE_TRIPLE_LETTER 0x{TRIPLE_LETTER:02X}
#define UNICODE_TRIPLE_MID 0x{TRIPLE_MID:02X}
#define UNICODE_TRIPLE_KATAKANA 0x{TRIPLE_KATAKANA:02X}
#define UNICODE_TRIPLE_STOP 0x{TRIPLE_STOP:02X}
/* By the low four and six bits of the first two bytes, a block of 64 kinds: by the low six bits of
 * the third. The first two blocks are ASCII. UNICODE_KEEP is set as in unicode_word. */
extern const {integer(triple_first)} unicode_triple_first[1024];
extern const uint8_t unicode_triple_second[{len(triple_second)}];

/* A folded form: its size in UTF-8, then its bytes. */
extern const uint8_t unicode_folded[{len(forms)}][8];

/* The word class of a code point up to U+10FFFF and the two bits of its other properties. */
static inline unsigned unicode_word(uint32_t code)
{{
    uint32_t block = code >> UNICODE_WORD_SHIFT;

    if (block > UNICODE_WORD_LAST)
        block = UNICODE_WORD_LAST;
    return unicode_word_second[(uint32_t)unicode_word_first[block] << UNICODE_WORD_SHIFT |
                               (code & ((1U << UNICODE_WORD_SHIFT) - 1))];
}}

/* The index in unicode_folded of a code point's folded form; 0: it folds to itself. */
static inline unsigned unicode_fold(uint32_t code)
{{
    uint32_t block = code >> UNICODE_FOLD_SHIFT;

    if (block > UNICODE_FOLD_LAST)
        block = UNICODE_FOLD_LAST;
    return unicode_fold_second[(uint32_t)unicode_fold_first[block] << UNICODE_FOLD_SHIFT |
                               (code & ((1U << UNICODE_FOLD_SHIFT) - 1))];
}}

#endif
"""
    folded = ["{" + ",".join(str(byte) for byte in (len(form), *form)) + "}" for form in forms]
    source = f"""{NOTICE}#include "text/unicode/tables.h"

{array("unicode_word_first", integer(word_first), word_first)}
{array("unicode_word_second", "uint8_t", word_second)}
{array("unicode_fold_first", integer(fold_first), fold_first)}
{array("unicode_fold_second", "uint16_t", fold_second)}
{array("unicode_pairs", "uint64_t", pairs(properties))}
{array("unicode_triple_first", integer(triple_first), triple_first)}
{array("unicode_triple_second", "uint8_t", triple_second)}
{array("unicode_folded", "uint8_t", folded, "[8]")}"""
    normal_header, normal_source = normal.tables(
        lambda name: lines(directory, name), fold_table, lambda table: smallest(table, 2)[1:],
        array, NOTICE.replace("tables - character properties,", "normal_tables - normalization,"))
    width_header, width_source = width.tables(
        lambda name: ranges(directory, name), array,
        NOTICE.replace("tables - character properties,", "width_tables - widths,"))
    for folder, name, text in ((output, "tables.h", header), (output, "tables.c", source),
                               (output, "normal_tables.h", normal_header),
                               (output, "normal_tables.c", normal_source),
                               (cli, "width_tables.h", width_header),
                               (cli, "width_tables.c", width_source)):
        with open(os.path.join(folder, name), "w", encoding="ascii", newline="\n") as file:
            file.write(text)


main()
