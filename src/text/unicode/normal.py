# SPDX-License-Identifier: MIT
"""The tables of normalize, for generate.py: normal_tables.h and normal_tables.c."""
from collections import defaultdict

# Unicode's normalization forms as normalize knows them, in the order of enum normalize_form.
FORMS = ["NFC", "NFKC", "CASEFOLD"]
SECOND = 0x08  # a flag next to those of the forms
CODES = 0x110000
ALL = (1 << 64) - 1
HANGUL = range(0xAC00, 0xAC00 + 11172)


def encode(codes):
    return "".join(map(chr, codes)).encode("utf-8")


class Data:
    """What the Unicode Character Database says of normalization."""

    def __init__(self, lines):
        self.classes, self.canonical, self.compat = {}, {}, {}
        self.maybe, self.excluded, self.casefold = set(), set(), {}
        wrong = {"NFC_QC": set(), "NFKC_QC": set()}
        for line in lines("UnicodeData.txt"):
            fields = line.split(";")
            code, mapping = int(fields[0], 16), fields[5].split()
            if fields[3] != "0":
                self.classes[code] = int(fields[3])
            if mapping and mapping[0].startswith("<"):
                self.compat[code] = [int(c, 16) for c in mapping[1:]]
            elif mapping:
                self.canonical[code] = [int(c, 16) for c in mapping]
        for line in lines("DerivedNormalizationProps.txt"):
            fields = [field.strip() for field in line.split("#")[0].split(";")]
            if len(fields) < 2:
                continue
            first, _, last = fields[0].partition("..")
            codes = range(int(first, 16), int(last or first, 16) + 1)
            if fields[1] in wrong:
                wrong[fields[1]].update(codes)
                if fields[1] == "NFC_QC" and fields[2] == "M":
                    self.maybe.update(codes)
            elif fields[1] == "Full_Composition_Exclusion":
                self.excluded.update(codes)
            elif fields[1] == "NFKC_CF":
                for code in codes:
                    self.casefold[code] = [int(c, 16) for c in fields[2].split()]
        self.changing = [wrong["NFC_QC"], wrong["NFKC_QC"], wrong["NFKC_QC"] | set(self.casefold)]

    def decompose(self, codes, compat):
        """In full, and in canonical order."""
        out = []
        for code in codes:
            if code in HANGUL:
                index = code - 0xAC00
                out += [0x1100 + index // 588, 0x1161 + index % 588 // 28]
                out += [0x11A7 + index % 28] if index % 28 else []
            elif code in self.canonical:
                out += self.decompose(self.canonical[code], compat)
            elif compat and code in self.compat:
                out += self.decompose(self.compat[code], compat)
            else:
                out.append(code)
        begin = 0
        for end in range(len(out) + 1):
            if end == len(out) or out[end] not in self.classes:
                out[begin:end] = sorted(out[begin:end], key=self.classes.get)
                begin = end + 1
        return out

    def mappings(self, code):
        """What each form puts in the place of a code point; None: itself."""
        forms = (self.decompose([code], False), self.decompose([code], True),
                 self.decompose(self.casefold.get(code, [code]), False))
        return [None if form == [code] else encode(form) for form in forms]

    def pairs(self):
        """(second, composite) of each first code point that has some."""
        found = defaultdict(list)
        for code, mapping in self.canonical.items():
            if len(mapping) == 2 and code not in self.excluded:
                found[mapping[0]].append((mapping[1], code))
        return {first: sorted(pairs) for first, pairs in found.items()}


def records(data):
    """The index of each code point's record, the records, the pool of mappings (a size and bytes
    each; index 0 is none) and the pairs."""
    table, found, pool, places, pairs = [0] * CODES, {}, bytearray(b"\0"), {None: 0}, []
    composing = data.pairs()
    touched = set().union(*data.changing, data.classes, data.canonical, data.compat, composing)
    found[(0, 0, 0, 0, 0, 0, 0)] = 0
    for code in sorted(touched):
        if 0xD800 <= code < 0xE000 or code in HANGUL:
            continue
        flags = sum(1 << i for i, codes in enumerate(data.changing) if code in codes)
        flags |= SECOND if code in data.maybe else 0
        mapping = data.mappings(code)
        for form in mapping:
            if form not in places:
                places[form] = len(pool)
                pool += bytes([len(form)]) + form
        mine = composing.get(code, [])
        record = (data.classes.get(code, 0), flags, *(places[form] for form in mapping),
                  len(pairs) if mine else 0, len(mine))
        pairs += mine
        table[code] = found.setdefault(record, len(found))
    growth = max(-(-len(form) // len(chr(code).encode())) for code in touched
                 if not 0xD800 <= code < 0xE000 for form in data.mappings(code) if form)
    return table, list(found), pool, pairs, growth


def passing(data, folds):
    """For each form, what to look at to know that a character passes unchanged, wherever it stands:
    by the first two bytes one of the masks, as the header has them, and the set of first bytes of
    which not all such characters do. Keys in the last form have been folded, so that what has
    another folded form is not met."""
    places, masks, sets = [], [], []
    for form, changing in enumerate(data.changing):
        pairs, low = [ALL] * 4096, [0] * 16
        for code in changing | set(data.classes):
            if code < 0x80 or 0xD800 <= code < 0xE000 or FORMS[form] == "CASEFOLD" and folds[code]:
                continue
            text = chr(code).encode("utf-8")
            pairs[(text[0] & 0x3F) << 6 | text[1] & 0x3F] &= (
                ~(1 << (text[2] & 0x3F)) if len(text) == 3 else 0)
            low[text[0] & 15] |= 1 << ((text[0] >> 4) - 8)
        masks += [mask for mask in dict.fromkeys(pairs) if mask not in masks]
        places += [masks.index(mask) for mask in pairs]
        sets.append(low)
    return places, masks, sets


def tables(lines, folds, two_stages, array, notice):
    """The texts of the header and of the source."""
    data = Data(lines)
    table, rows, pool, pairs, growth = records(data)
    shift, first, second = two_stages(table)
    places, masks, sets = passing(data, folds)
    forms = "".join(f"    UNICODE_{name},\n" for name in FORMS)
    header = f"""{notice}#ifndef TEXT_UNICODE_NORMAL_TABLES_H
#define TEXT_UNICODE_NORMAL_TABLES_H

#include <stdint.h>

/* Normalization Form C, Form KC, and NFKC_Casefold. */
enum unicode_form {{
{forms}    UNICODE_FORMS,
}};

/* Of a code point. A mapping is its full decomposition in a form, at its place in
 * unicode_mappings; 0: it has none. */
struct unicode_normal {{
    uint8_t combining; /* Canonical_Combining_Class */
    uint8_t flags;
    uint16_t mappings[UNICODE_FORMS];
    uint16_t pairs; /* the first of those that it begins, in unicode_pairs_composed */
    uint8_t pair_count;
}};
/* For a form, 1 << form is set in the flags of what has a mapping that is not composed again, or
 * may be composed with what stands before it: its Quick_Check is not Yes. */
#define UNICODE_SECOND 0x{SECOND:02X} /* it may be the second of a pair */

/* No mapping has more than this many times the bytes of the character. */
#define UNICODE_NORMAL_GROWTH {growth}

#define UNICODE_NORMAL_SHIFT {shift}
#define UNICODE_NORMAL_LAST {len(first) - 1}
extern const uint8_t unicode_normal_first[{len(first)}];
extern const uint16_t unicode_normal_second[{len(second)}];
extern const struct unicode_normal unicode_normals[{len(rows)}];

/* The size of a mapping in UTF-8, then its bytes. */
extern const uint8_t unicode_mappings[{len(pool)}];

/* What a pair's second code point makes of the first; ascending by `second` for each first. */
struct unicode_pair {{
    uint32_t second, composed;
}};
extern const struct unicode_pair unicode_pairs_composed[{len(pairs)}];

/* By form, 4096 each, and the low six bits of the first two bytes of a character, which mask says
 * whether it passes unchanged, having neither such a flag nor a combining class: of three bytes
 * where a 1 is at the place that the low six bits of the third name; of others where all is ones,
 * else it is 0. (Of four bytes all those that begin so must pass.) For UNICODE_CASEFOLD this and
 * what follows are of characters that are their own folded form. */
extern const uint8_t unicode_unchanged_first[4096 * UNICODE_FORMS];
extern const uint64_t unicode_unchanged[{len(masks)}];
/* By form the bytes above 0x7f that begin others, as kernels want a set: bit H - 8 at L for a byte
 * 0xHL. */
extern const uint8_t unicode_changing[UNICODE_FORMS][16];

/* What there is to know of a code point up to U+10FFFF; Hangul syllables have nothing. */
static inline const struct unicode_normal *unicode_normal(uint32_t code)
{{
    uint32_t block = code >> UNICODE_NORMAL_SHIFT;

    if (block > UNICODE_NORMAL_LAST)
        block = UNICODE_NORMAL_LAST;
    return &unicode_normals[unicode_normal_second[(uint32_t)unicode_normal_first[block]
                                                      << UNICODE_NORMAL_SHIFT |
                                                  (code & ((1U << UNICODE_NORMAL_SHIFT) - 1))]];
}}

#endif
"""
    if max(first) > 255 or len(masks) > 256 or max(table) > 65535 or len(pool) > 65535:
        raise SystemExit("normal.py: a table has outgrown its type")
    shown = [f"{{{ccc},{flags},{{{nfc},{nfkc},{fold}}},{place},{count}}}"
             for ccc, flags, nfc, nfkc, fold, place, count in rows]
    source = "\n".join([
        notice + '#include "text/unicode/normal_tables.h"\n',
        array("unicode_normal_first", "uint8_t", first),
        array("unicode_normal_second", "uint16_t", second),
        array("unicode_normals", "struct unicode_normal", shown),
        array("unicode_mappings", "uint8_t", pool),
        array("unicode_pairs_composed", "struct unicode_pair",
              [f"{{{second},{composed}}}" for second, composed in pairs]),
        array("unicode_unchanged_first", "uint8_t", places),
        array("unicode_unchanged", "uint64_t", [f"0x{mask:X}" for mask in masks]),
        array("unicode_changing", "uint8_t",
              ["{" + ",".join(map(str, low)) + "}" for low in sets], "[16]")])
    return header, source
