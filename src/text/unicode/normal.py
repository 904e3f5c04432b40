# SPDX-License-Identifier: MIT
"""The tables of normalize, for generate.py: normal_tables.h and normal_tables.c."""
from collections import defaultdict

# Unicode's normalization forms as normalize knows them, in the order of enum normalize_form.
FORMS = ["NFC", "NFKC", "CASEFOLD"]
SECOND = 0x08  # a flag next to those of the forms
CODES = 0x110000
ALL = (1 << 64) - 1
BUCKETS = 16  # bits of two bytes

# How much it costs to look twice at the characters that texts are made of. In the scripts of India
# these are at the same places of each block, letters first, and then the signs of vowels; most is
# written in the first of them.
WEIGHTS = [(200, range(0x905, 0x93A)), (600, range(0x93E, 0x94D)), (600, range(0x5D0, 0x5EB)),
           (600, range(0x620, 0x64B)), (30, range(0xA0, 0x700)), (50, range(0x900, 0xF00)),
           (10, range(0x2010, 0x2040)), (10, range(0x3040, 0x3100)), (100, range(0x1EA0, 0x1EFA)),
           (8, range(0x1E00, 0x2000)), (1, range(0x80, 0x3000)), (2, range(0x3000, 0x3040)),
           (0.1, range(0x3400, 0x10000))]
WEIGHTS += [(120, range(block + 0x3E, block + 0x4D)) for block in range(0x900, 0xD80, 0x80)]
HANGUL = range(0xAC00, 0xAC00 + 11172)

# Scripts in which what may be the second of a pair is much more often written than the firsts of it.
SECONDS = range(0x980, 0x1100)


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


def halves(text):
    """The low and the high halves of the first three bytes as bits; of what is not there, any."""
    bytes_ = [(1 << (byte & 15), 1 << (byte >> 4)) for byte in text[:3]]
    return sum(bytes_ + [(0xFFFF, 0xFFFF)] * (3 - len(bytes_)), ())


class Buckets:
    """Characters in at most as many buckets as two bytes have bits, each of which holds what has one
    of some halves at each of three bytes: those that change, and as few others as can be, weighed."""

    def __init__(self, changing):
        self.others = [[0] * 16 for _ in range(6)]
        self.costs, self.weights = {}, [[weight, 0] for weight, _ in WEIGHTS]
        kept = [code for code in range(0x80, 0x10000)
                if not 0xD800 <= code < 0xE000 and code not in changing]
        for place, code in enumerate(kept):
            for half, bits in zip(self.others, halves(chr(code).encode("utf-8"))):
                for value in range(16):
                    half[value] |= (bits >> value & 1) << place
            for weight, (_, codes) in zip(self.weights, WEIGHTS):
                weight[1] |= (code in codes) << place
        found = defaultdict(lambda: (0,) * 6)
        for code in changing:
            text = chr(code).encode("utf-8")
            fine = (text[1], text[2] >> 4) if text[0] in (0xE0, 0xE3) else (
                text[1] >> (4 if len(text) == 2 else 2),) if len(text) < 4 else ()
            key = (len(text), text[0], *fine)
            found[key] = self.join(found[key], halves(text))
        self.found = sorted({(key[0], bucket) for key, bucket in found.items()})
        while len(self.found) > BUCKETS:
            self.join_two()

    @staticmethod
    def join(one, other):
        return tuple(a | b for a, b in zip(one, other))

    def cost(self, bucket):
        if bucket not in self.costs:
            hit = -1
            for half, bits in zip(self.others, bucket):
                some = 0
                for value in range(16):
                    some |= half[value] if bits >> value & 1 else 0
                hit &= some
            self.costs[bucket] = sum(weight * bin(hit & codes).count("1")
                                     for weight, codes in self.weights) if hit else 0
        return self.costs[bucket]

    def join_two(self):
        _, one, other = min(
            (self.cost(self.join(a, b)) - self.cost(a) - self.cost(b), (size, a), (size, b))
            for i, (size, a) in enumerate(self.found) for same, b in self.found[:i]
            if same == size)
        joined = (one[0], self.join(one[1], other[1]))
        self.found = sorted(set(self.found) - {one, other} | {joined})

    def rows(self):
        """For the first buckets and the others, of each half of each byte, by its value, which of
        these it is in."""
        return [[[sum((bucket[half] >> value & 1) << i for i, (_, bucket) in enumerate(some))
                  for value in range(16)] for half in range(6)]
                for some in (self.found[:8], self.found[8:])]


def passing(data, folds):
    """For each form, what to look at to know that a character passes unchanged, wherever it stands:
    by the first two bytes a pair of masks, as the header has them, and a set that holds all
    characters that do not; the second mask says which of these matter only directly behind another.
    Keys in the last form have been folded, so that what has another folded form is not met."""
    pairs = [(first, second) for first, some in data.pairs().items() for second, _ in some
             if second in SECONDS and second not in data.classes]
    firsts, seconds = map(set, zip(*pairs))
    places, masks, sets = [], [], []
    for form, changing in enumerate(data.changing):
        passes, follows, others = [ALL] * 4096, [0] * 4096, set()
        for code in changing | set(data.classes) | firsts:
            if code < 0x80 or 0xD800 <= code < 0xE000 or FORMS[form] == "CASEFOLD" and folds[code]:
                continue
            text = chr(code).encode("utf-8")
            pair = (text[0] & 0x3F) << 6 | text[1] & 0x3F
            bits = 1 << (text[2] & 0x3F) if len(text) == 3 else ALL
            passes[pair] &= ~bits
            if (code not in changing or code in seconds) and len(text) < 4:
                follows[pair] |= bits
            others.add(code)
        both = list(zip(passes, follows))
        masks += [mask for mask in dict.fromkeys(both) if mask not in masks]
        places += [masks.index(mask) for mask in both]
        sets.append(Buckets(others).rows())
    return places, masks, sets


def shown_set(rows):
    """A struct kernels_set."""
    sides = [",\n      ".join(
        "{" + ",\n       ".join("{" + ", ".join(map(str, row)) + "}" for row in some[side::2]) + "}"
        for some in rows) for side in (0, 1)]
    return "    {{" + "},\n     {".join(sides) + "}},\n"


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

#include "base/kernels/kernels.h"

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

/* By form, 4096 each, and the low six bits of the first two bytes of a character, which masks say
 * what it is: of three bytes by the bit that the low six bits of the third name; of others all bits
 * are the same. It passes unchanged, having neither such a flag nor a combining class; or it
 * follows: directly behind one that passes it does not keep a text from being in the form, as what
 * has a class only. Some that would pass are made to follow, for the sake of what they are composed
 * with. (Of four bytes all those that begin so must pass, and none follows.) For UNICODE_CASEFOLD
 * this and what comes next are of characters that are their own folded form. */
struct unicode_unchanged {{
    uint64_t passes, follows;
}};
extern const uint8_t unicode_unchanged_first[4096 * UNICODE_FORMS];
extern const struct unicode_unchanged unicode_unchanged[{len(masks)}];
/* By form a set of characters in which are all others. */
extern const struct kernels_set unicode_changing[UNICODE_FORMS];

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
        array("unicode_unchanged", "struct unicode_unchanged",
              [f"{{0x{passes:X},0x{follows:X}}}" for passes, follows in masks]),
        f"const struct kernels_set unicode_changing[{len(sets)}] = {{\n" +
        "".join(map(shown_set, sets)) + "};\n"])
    return header, source
