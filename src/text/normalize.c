/* SPDX-License-Identifier: MIT
 *
 * normalize - see normalize.h.
 *
 * A character "passes" when it has combining class 0, no mapping in the form, and is composed with
 * nothing before it: text of such characters only is in the form, and before each of them a text
 * can be cut. So a key is copied up to the character before the first that does not pass; from
 * there to the next that does, characters are decomposed, marks are sorted, and pairs composed.
 */
#include "text/normalize.h"

#include <stdlib.h>
#include <string.h>

#include "base/kernels/kernels.h"
#include "base/utf8.h"
#include "text/unicode/normal_tables.h"

/* Marks that are sorted by moving each past those before it; what is longer is hostile. */
#define FEW_MARKS 32

/* A mark as it is kept: its combining class above its code point. */
#define MARK_SHIFT 24
#define MARK_CODE ((UINT32_C(1) << MARK_SHIFT) - 1)
#define CLASSES 256

/* Hangul syllables, which are composed by reckoning: leading consonants, vowels, and, counted from
 * the one before the first, trailing consonants. */
#define HANGUL 0xAC00
#define HANGUL_COUNT 11172
#define LEADING 0x1100
#define LEADING_COUNT 19
#define VOWELS 0x1161
#define VOWEL_COUNT 21
#define TRAILING 0x11A7
#define TRAILING_COUNT 28

/* ---- What passes ----------------------------------------------------------------------------- */

static enum unicode_form form_of(const struct normalize *normalize)
{
    static const enum unicode_form forms[] = {[NORMALIZE_NFC] = UNICODE_NFC,
                                              [NORMALIZE_NFKC] = UNICODE_NFKC,
                                              [NORMALIZE_NFKC_CASEFOLD] = UNICODE_CASEFOLD};

    return forms[normalize->form];
}

/* What is told by three bytes, of which the first is above 0x7f; of a character of two bytes the
 * third is any. What is cut off is none, and passes whatever this says. */
static inline const struct unicode_unchanged *unchanged(enum unicode_form form,
                                                        const unsigned char *p)
{
    size_t pair = (size_t)(p[0] & 0x3F) << 6 | (p[1] & 0x3F);

    return &unicode_unchanged[unicode_unchanged_first[4096 * form + pair]];
}

/* Whether the character passes for sure. */
static inline bool surely_passes(enum unicode_form form, const unsigned char *p)
{
    return (unchanged(form, p)->passes >> (p[2] & 0x3F) & 1) != 0;
}

/* Whether it keeps no text from being in the form where it stands behind one that passes for sure,
 * as marks do. */
static inline bool follows(enum unicode_form form, const unsigned char *p)
{
    return (unchanged(form, p)->follows >> (p[2] & 0x3F) & 1) != 0;
}

/* Whether a character begins at p, where `left` > 0 bytes are left, that does not pass. */
static inline bool changes(enum unicode_form form, const unsigned char *p, size_t left)
{
    uint32_t code;

    if ((left > 2 && surely_passes(form, p)) || utf8_decode(p, left, &code) == 0)
        return false;
    const struct unicode_normal *normal = unicode_normal(code);
    return normal->combining != 0 || (normal->flags & 1U << form) != 0;
}

/* What two code points are composed to; 0: nothing. */
static uint32_t compose(uint32_t first, uint32_t second, unsigned flags)
{
    if ((flags & UNICODE_SECOND) == 0)
        return 0;
    if (first - LEADING < LEADING_COUNT && second - VOWELS < VOWEL_COUNT)
        return HANGUL + ((first - LEADING) * VOWEL_COUNT + (second - VOWELS)) * TRAILING_COUNT;
    if (first - HANGUL < HANGUL_COUNT && (first - HANGUL) % TRAILING_COUNT == 0 &&
        second > TRAILING && second < TRAILING + TRAILING_COUNT)
        return first + (second - TRAILING);
    const struct unicode_normal *normal = unicode_normal(first);
    const struct unicode_pair *pairs = unicode_pairs_composed + normal->pairs;
    for (unsigned i = 0; i < normal->pair_count && pairs[i].second <= second; i++) {
        if (pairs[i].second == second)
            return pairs[i].composed;
    }
    return 0;
}

/* The begin of the character that ends at p, `begin` at the least; p where none does. */
static const unsigned char *character_before(const unsigned char *begin, const unsigned char *p)
{
    const unsigned char *q = p;
    uint32_t code;

    while (q > begin && p - q < (ptrdiff_t)UTF8_MOST) {
        q--;
        if ((*q & 0xC0) != 0x80)
            break;
    }
    return q < p && utf8_decode(q, (size_t)(p - q), &code) == (size_t)(p - q) ? q : p;
}

/* Whether what begins at data[at] keeps the text from being in the form, as far as that can be told
 * by the character before it: marks that stand in order do not. */
static bool disturbs(enum unicode_form form, const unsigned char *data, size_t size, size_t at)
{
    uint32_t code, first = 0;

    if (utf8_decode(data + at, size - at, &code) == 0)
        return false;
    const struct unicode_normal *normal = unicode_normal(code);
    const bool flagged = (normal->flags & 1U << form) != 0;
    if (flagged && normal->mappings[form] != 0)
        return true;
    const unsigned char *from = character_before(data, data + at);
    if (from == data + at)
        return false; /* the text begins, or what stands before is no character */
    (void)utf8_decode(from, at - (size_t)(from - data), &first);
    const struct unicode_normal *before = unicode_normal(first);
    if (!flagged)
        return before->combining > normal->combining && normal->combining != 0;
    return before->combining != 0 || before->mappings[form] != 0 ||
           compose(first, code, UNICODE_SECOND) != 0;
}

bool normalize_find(struct normalize *normalize, const unsigned char *window, size_t size)
{
    const enum unicode_form form = form_of(normalize);
    size_t end = 0; /* of the last character that did not pass, as far as its first byte tells */
    uint64_t all = 0;

    if (kernels_selected.members(window, size, &unicode_changing[form], normalize->found) == 0)
        return false;
    for (size_t i = 0; 64 * i < size; i++) {
        uint64_t found = 0;
        for (uint64_t bits = normalize->found[i]; bits != 0; bits &= bits - 1) {
            const size_t at = 64 * i + (size_t)__builtin_ctzll(bits);
            if (surely_passes(form, window + at))
                continue;
            const bool passes = at != end && follows(form, window + at);
            end = at + (window[at] < 0xE0 ? 2 : window[at] < 0xF0 ? 3 : 4);
            if (!passes && disturbs(form, window, size, at))
                found |= bits & -bits;
        }
        normalize->found[i] = found;
        all |= found;
    }
    return all != 0;
}

bool normalize_passes(const struct normalize *normalize, const unsigned char *key, size_t size)
{
    const enum unicode_form form = form_of(normalize);
    uint64_t masks[16];
    unsigned char end[2 * KERNELS_PAD] = {0};

    for (size_t from = 0, length; from < size; from += length) {
        const unsigned char *at = key + from;
        length = size - from < sizeof masks * 8 ? size - from : sizeof masks * 8;
        if (size - from <= KERNELS_PAD)
            at = memcpy(end, at, length);
        else if (length == size - from)
            length = (length - 1) / KERNELS_BLOCK * KERNELS_BLOCK;
        if (kernels_selected.members(at, length, &unicode_changing[form], masks) == 0)
            continue;
        for (size_t i = 0; 64 * i < length; i++) {
            for (uint64_t bits = masks[i]; bits != 0; bits &= bits - 1) {
                size_t place = from + 64 * i + (size_t)__builtin_ctzll(bits);
                if (size - place > 2 && surely_passes(form, key + place))
                    continue;
                if (disturbs(form, key, size, place))
                    return false;
            }
        }
    }
    return true;
}

/* The first character from p on that does not pass; `end` where all do. */
static const unsigned char *find_change(enum unicode_form form, const unsigned char *p,
                                        const unsigned char *end)
{
    while (p < end && (*p < 0xC2 || !changes(form, p, (size_t)(end - p))))
        p++;
    return p;
}

/* ---- What does not --------------------------------------------------------------------------- */

/* What is written, and where to. */
struct target {
    struct room *room;
    size_t used;
};

static int write_bytes(struct target *out, const unsigned char *bytes, size_t size)
{
    if (out->room->size - out->used < size || out->room->data == NULL) {
        if (size > SIZE_MAX / 4 || room_grow(out->room, out->used + size, true) != 0)
            return -1;
    }
    memcpy(out->room->data + out->used, bytes, size);
    out->used += size;
    return 0;
}

static int write_code(struct target *out, uint32_t code)
{
    unsigned char bytes[UTF8_MOST];
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    if (size == 1) {
        bytes[0] = (unsigned char)code;
    } else {
        for (size_t i = size - 1; i > 0; i--, code >>= 6)
            bytes[i] = (unsigned char)(0x80 | (code & 0x3F));
        bytes[0] = (unsigned char)((size == 2 ? 0xC0U : size == 3 ? 0xE0U : 0xF0U) | code);
    }
    return write_bytes(out, bytes, size);
}

/* Sorts many marks, by counting those of each class. 0 or -1. */
static int sort_many_marks(struct normalize *normalize)
{
    const uint32_t *marks = normalize->marks;
    const size_t count = normalize->count;
    size_t places[CLASSES + 1] = {0};
    uint32_t *sorted = malloc(normalize->marks_room * sizeof *sorted);

    if (!sorted)
        return -1;
    for (size_t i = 0; i < count; i++)
        places[(marks[i] >> MARK_SHIFT) + 1]++;
    for (size_t i = 0; i < CLASSES; i++)
        places[i + 1] += places[i];
    for (size_t i = 0; i < count; i++)
        sorted[places[marks[i] >> MARK_SHIFT]++] = marks[i];
    free(normalize->marks);
    normalize->marks = sorted;
    return 0;
}

/* Sorts the marks by their classes, those of one class staying as they are. 0 or -1. */
static int sort_marks(struct normalize *normalize)
{
    uint32_t *const marks = normalize->marks;
    const size_t count = normalize->count;
    size_t ordered = 1;

    while (ordered < count && marks[ordered - 1] >> MARK_SHIFT <= marks[ordered] >> MARK_SHIFT)
        ordered++;
    if (ordered < count && count > FEW_MARKS)
        return sort_many_marks(normalize);
    for (size_t i = ordered; i < count; i++) {
        uint32_t mark = marks[i];
        size_t to = i;
        for (; to > 0 && marks[to - 1] >> MARK_SHIFT > mark >> MARK_SHIFT; to--)
            marks[to] = marks[to - 1];
        marks[to] = mark;
    }
    return 0;
}

/* Sorts the marks, and composes the starter with those that it can be composed with: one that has
 * another of its own class before it cannot. To be done once: what is left could be composed with
 * what came of the starter, and may not. 0 or -1. */
static int compose_marks(struct normalize *normalize)
{
    size_t kept = 0;

    if (normalize->count == 0)
        return 0;
    if (sort_marks(normalize) != 0)
        return -1;
    for (size_t i = 0; i < normalize->count && normalize->started; i++) {
        uint32_t mark = normalize->marks[i], code = mark & MARK_CODE, composed = 0;
        if (kept == 0 || normalize->marks[kept - 1] >> MARK_SHIFT < mark >> MARK_SHIFT)
            composed = compose(normalize->starter, code, unicode_normal(code)->flags);
        if (composed != 0)
            normalize->starter = composed;
        else
            normalize->marks[kept++] = mark;
    }
    if (normalize->started)
        normalize->count = kept;
    return 0;
}

/* Writes what is at hand, which has been composed; nothing is then. 0 or -1. */
static int write_sequence(struct normalize *normalize, struct target *out)
{
    if (normalize->started && write_code(out, normalize->starter) != 0)
        return -1;
    for (size_t i = 0; i < normalize->count; i++) {
        if (write_code(out, normalize->marks[i] & MARK_CODE) != 0)
            return -1;
    }
    normalize->count = 0;
    normalize->started = false;
    return 0;
}

/* Takes a code point that has no decomposition, or is a Hangul syllable. 0 or -1. */
static int add_code(struct normalize *normalize, uint32_t code, struct target *out)
{
    const struct unicode_normal *normal = unicode_normal(code);

    if (normal->combining == 0) {
        if (compose_marks(normalize) != 0)
            return -1;
        if (normalize->started && normalize->count == 0) {
            uint32_t composed = compose(normalize->starter, code, normal->flags);
            if (composed != 0) {
                normalize->starter = composed;
                return 0;
            }
        }
        if (write_sequence(normalize, out) != 0)
            return -1;
        normalize->starter = code;
        normalize->started = true;
        return 0;
    }
    if (normalize->count == normalize->marks_room) {
        size_t room = normalize->marks_room > 0 ? 2 * normalize->marks_room : FEW_MARKS;
        if (room > SIZE_MAX / sizeof *normalize->marks / 2)
            return -1;
        uint32_t *marks = realloc(normalize->marks, room * sizeof *marks);
        if (!marks)
            return -1;
        normalize->marks = marks;
        normalize->marks_room = room;
    }
    normalize->marks[normalize->count++] = (uint32_t)normal->combining << MARK_SHIFT | code;
    return 0;
}

/* Takes any code point, decomposed. 0 or -1. */
static int add_character(struct normalize *normalize, enum unicode_form form, uint32_t code,
                         struct target *out)
{
    unsigned place = unicode_normal(code)->mappings[form];

    if (place == 0)
        return add_code(normalize, code, out);
    const unsigned char *p = unicode_mappings + place + 1, *end = p + unicode_mappings[place];
    for (size_t length; p < end; p += length) {
        length = utf8_decode(p, (size_t)(end - p), &code);
        if (add_code(normalize, code, out) != 0)
            return -1;
    }
    return 0;
}

/* Writes what the bytes are in the form. 0 or -1. */
static int write_form(struct normalize *normalize, const unsigned char *p, size_t size,
                      struct target *out)
{
    const enum unicode_form form = form_of(normalize);
    const unsigned char *end = p + size;

    normalize->count = 0;
    normalize->started = false;
    while (p < end) {
        const unsigned char *stop = find_change(form, p, end);
        const unsigned char *from = stop < end ? character_before(p, stop) : end;
        if (write_bytes(out, p, (size_t)(from - p)) != 0)
            return -1;
        for (p = from; p < end && (p <= stop || changes(form, p, (size_t)(end - p)));) {
            uint32_t code = 0;
            p += utf8_decode(p, (size_t)(end - p), &code);
            if (add_character(normalize, form, code, out) != 0)
                return -1;
        }
        if (compose_marks(normalize) != 0 || write_sequence(normalize, out) != 0)
            return -1;
    }
    return 0;
}

int normalize_key(struct normalize *normalize, const unsigned char *key, size_t size,
                  struct room *room, size_t *used)
{
    struct target out = {room, *used};

    if (write_form(normalize, key, size, &out) != 0)
        return -1;
    /* Form KC brings forth capitals (the square of "PPM" is one that has no folded form), and these
     * folded may have to be composed anew: a compatibility caseless match, the standard's D146. */
    const size_t made = out.used - *used;
    if (normalize->case_fold && normalize->form == NORMALIZE_NFKC && made > 0) {
        struct room *folded = &normalize->folded;
        if (made > (SIZE_MAX / 2 - CASE_FOLD_SLACK) / CASE_FOLD_GROWTH ||
            room_grow(folded, CASE_FOLD_ROOM(made), false) != 0)
            return -1;
        size_t got = case_fold_ordered(room->data + *used, made, folded->data);
        if (got != made || memcmp(folded->data, room->data + *used, made) != 0) {
            out.used = *used;
            if (write_form(normalize, folded->data, got, &out) != 0)
                return -1;
        }
    }
    *used = out.used;
    return 0;
}

case_fold_function *normalize_fold(enum normalize_form form)
{
    return form == NORMALIZE_NFC || form == NORMALIZE_NFKC ? case_fold_ordered : case_fold_bytes;
}

void normalize_open(struct normalize *normalize, enum normalize_form form, bool case_fold)
{
    normalize->form = form;
    normalize->case_fold = case_fold;
    normalize->marks = NULL;
    normalize->count = normalize->marks_room = 0;
    normalize->starter = 0;
    normalize->started = false;
    normalize->folded = (struct room){NULL, 0};
}

void normalize_close(struct normalize *normalize)
{
    free(normalize->marks);
    room_free(&normalize->folded);
}
