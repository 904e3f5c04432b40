# SPDX-License-Identifier: MIT
"""The columns that characters take on a terminal, for generate.py: width_tables.h and
width_tables.c, which are cli's."""

CODES = 0x110000
SOFT_HYPHEN = 0xAD


def widths(ranges):
    """Of each code point 0, 1 or 2, as wcwidth has it: 2 where East_Asian_Width is wide or full, 0
    for marks and for what has no shape, and for the vowels and ends of a Hangul syllable, which are
    drawn into its beginning. A soft hyphen and signs that hold digits are seen."""
    table = bytearray([1]) * CODES
    seen = {SOFT_HYPHEN}
    for first, last, value in ranges("EastAsianWidth.txt"):
        if value in ("W", "F"):
            table[first:last + 1] = bytes([2]) * (last + 1 - first)
    for first, last, value in ranges("PropList.txt"):
        if value == "Prepended_Concatenation_Mark":
            seen.update(range(first, last + 1))
    for first, last, value in ranges("DerivedGeneralCategory.txt"):
        if value in ("Mn", "Me", "Cf"):
            for code in set(range(first, last + 1)) - seen:
                table[code] = 0
    for first, last, value in ranges("HangulSyllableType.txt"):
        if value in ("V", "T"):
            table[first:last + 1] = bytes(last + 1 - first)
    return table


def tables(ranges, array, notice):
    table = widths(ranges)
    runs = [f"0x{code << 2 | table[code]:X}" for code in range(CODES)
            if code == 0 or table[code] != table[code - 1]]
    header = f"""{notice}#ifndef CLI_WIDTH_TABLES_H
#define CLI_WIDTH_TABLES_H

#include <stdint.h>

/* In ascending order the code points at which a run of characters of one width begins, each moved
 * left by two, and in these bits the width. The first is 0. */
#define WIDTH_RUNS {len(runs)}
extern const uint32_t width_runs[WIDTH_RUNS];

#endif
"""
    source = f"""{notice}#include "cli/width_tables.h"

/* clang-format off */
{array("width_runs", "uint32_t", runs)}/* clang-format on */
"""
    return header, source
