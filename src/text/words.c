/* SPDX-License-Identifier: MIT
 *
 * words - UAX #29 word segmentation, see words.h.
 *
 * ASCII goes through the kernel given to words_open, words of two-byte letters through pairs.c, and
 * characters of three bytes through triples.c. What these leave (a segment that some other
 * character touches or may touch) goes through the automaton below, one segment after the other,
 * until one ends where one of the three can go on.
 *
 * Segmentation needs no memory across a boundary: every rule that forbids a break looks back only
 * over characters that are themselves joined (WB7, WB11: the letter, the mark, the letter; WB15 and
 * WB16: a pair of regional indicators is a segment and the next pair starts afresh). So a segment
 * is a function of the text from its beginning on, and any boundary is a place to start from.
 * Looking ahead (WB6, WB7b, WB12) goes over one mark and what WB4 attaches to it; when it fails,
 * the mark begins the next segment and is not looked past again, so all is linear.
 */
#include "text/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/test_hooks.h"
#include "base/kernels/kernels.h"
#include "text/spans.h"
#include "text/pairs.h"
#include "text/triples.h"
#include "text/unicode/tables.h"
#include "text/words_border.h"
#include "base/utf8.h"

/* What the kernel sees of the text in one go: without folding only what keeps spans within 32
 * bits; with folding what the buffer of folded text takes without falling out of a near cache. */
#define WINDOW_PLAIN ((size_t)1 << 30)
#define WINDOW_FOLD ((size_t)1 << 16)

_Static_assert(TRIPLES_MIN <= PAIRS_MIN, "nearly_full leaves room for both");

/* A byte that is no part of valid UTF-8, as a class next to those of enum unicode_class. */
#define INVALID UNICODE_CLASSES

/* States of the automaton: what the segment so far lets follow. A state + AFTER_ZWJ is the same
 * with a ZWJ as the last character, which lets Extended_Pictographic follow (WB3c). */
enum {
    BREAK,  /* as an action: the segment ends before this character */
    HARD,   /* a line end or an invalid byte: nothing follows (WB3a; and for us invalid bytes) */
    RETURN, /* CR: only LF follows (WB3) */
    BLANK,  /* WSegSpace as the very last character (WB3d) */
    PLAIN,  /* nothing but what WB4 attaches */
    LETTER = PLAIN + 2,
    HEBREW = LETTER + 2,
    HEBREW_QUOTE = HEBREW + 2, /* Hebrew_Letter Single_Quote (WB7a): letters follow by WB7 */
    NUMBER = HEBREW_QUOTE + 2,
    KATAKANA = NUMBER + 2,
    LINE = KATAKANA + 2, /* ExtendNumLet */
    REGIONAL = LINE + 2, /* one Regional_Indicator */
    STATES = REGIONAL + 2,
    AFTER_ZWJ = 1,
    /* Actions that look past a mark for what must follow it. */
    SEEK_LETTER = 0x40, /* WB6, WB7 */
    SEEK_HEBREW,        /* WB7b, WB7c */
    SEEK_NUMBER,        /* WB11, WB12 */
};

/* The state after a segment's first character, by class. */
static const unsigned char start[UNICODE_CLASSES + 1] = {
    [UNICODE_OTHER] = PLAIN,
    [UNICODE_CR] = RETURN,
    [UNICODE_LF] = HARD,
    [UNICODE_NEWLINE] = HARD,
    [UNICODE_EXTEND] = PLAIN,
    [UNICODE_ZWJ] = PLAIN + AFTER_ZWJ,
    [UNICODE_ALETTER] = LETTER,
    [UNICODE_HEBREW] = HEBREW,
    [UNICODE_NUMERIC] = NUMBER,
    [UNICODE_KATAKANA] = KATAKANA,
    [UNICODE_EXTENDNUMLET] = LINE,
    [UNICODE_REGIONAL] = REGIONAL,
    [UNICODE_SPACE] = BLANK,
    [UNICODE_MIDLETTER] = PLAIN,
    [UNICODE_MIDNUM] = PLAIN,
    [UNICODE_MIDNUMLET] = PLAIN,
    [UNICODE_SINGLE_QUOTE] = PLAIN,
    [UNICODE_DOUBLE_QUOTE] = PLAIN,
    [UNICODE_PICTOGRAPHIC] = PLAIN,
    [UNICODE_ALETTER_PICTOGRAPHIC] = LETTER,
    [INVALID] = HARD,
};

#define ATTACH(state) [UNICODE_EXTEND] = (state), [UNICODE_ZWJ] = (state) + AFTER_ZWJ
#define LETTERS                                                                                    \
    [UNICODE_ALETTER] = LETTER, [UNICODE_ALETTER_PICTOGRAPHIC] = LETTER, [UNICODE_HEBREW] = HEBREW
/* A pair of rows for a state that letters may follow, and for one that they may not. */
#define ROWS(state, ...)                                                                           \
    [state] = {ATTACH(state), LETTERS, __VA_ARGS__},                                               \
    [(state) + AFTER_ZWJ] = {ATTACH(state), LETTERS, [UNICODE_PICTOGRAPHIC] = PLAIN, __VA_ARGS__}
#define BARE_ROWS(state, ...)                                                                      \
    [state] = {ATTACH(state), __VA_ARGS__},                                                        \
    [(state) + AFTER_ZWJ] = {                                                                      \
        ATTACH(state), [UNICODE_PICTOGRAPHIC] = PLAIN, [UNICODE_ALETTER_PICTOGRAPHIC] = LETTER,    \
        __VA_ARGS__}

/* What a character does to a segment: the next state, BREAK or SEEK_. */
static const unsigned char action[STATES][UNICODE_CLASSES + 1] = {
    [RETURN] = {[UNICODE_LF] = HARD},
    [BLANK] = {ATTACH(PLAIN), [UNICODE_SPACE] = BLANK},
    BARE_ROWS(PLAIN, [UNICODE_OTHER] = BREAK),
    ROWS(LETTER, [UNICODE_NUMERIC] = NUMBER, [UNICODE_EXTENDNUMLET] = LINE,
         [UNICODE_MIDLETTER] = SEEK_LETTER, [UNICODE_MIDNUMLET] = SEEK_LETTER,
         [UNICODE_SINGLE_QUOTE] = SEEK_LETTER),
    ROWS(HEBREW, [UNICODE_NUMERIC] = NUMBER, [UNICODE_EXTENDNUMLET] = LINE,
         [UNICODE_MIDLETTER] = SEEK_LETTER, [UNICODE_MIDNUMLET] = SEEK_LETTER,
         [UNICODE_SINGLE_QUOTE] = HEBREW_QUOTE, [UNICODE_DOUBLE_QUOTE] = SEEK_HEBREW),
    ROWS(HEBREW_QUOTE, [UNICODE_OTHER] = BREAK),
    ROWS(NUMBER, [UNICODE_NUMERIC] = NUMBER, [UNICODE_EXTENDNUMLET] = LINE,
         [UNICODE_MIDNUM] = SEEK_NUMBER, [UNICODE_MIDNUMLET] = SEEK_NUMBER,
         [UNICODE_SINGLE_QUOTE] = SEEK_NUMBER),
    BARE_ROWS(KATAKANA, [UNICODE_KATAKANA] = KATAKANA, [UNICODE_EXTENDNUMLET] = LINE),
    ROWS(LINE, [UNICODE_NUMERIC] = NUMBER, [UNICODE_KATAKANA] = KATAKANA,
         [UNICODE_EXTENDNUMLET] = LINE),
    BARE_ROWS(REGIONAL, [UNICODE_REGIONAL] = PLAIN),
};

/* What unicode_word tells of the character at p < end, and its length. */
static inline unsigned character(const unsigned char *p, const unsigned char *end, size_t *length)
{
    uint32_t c = p[0], code;

    if (c < 0x80) {
        *length = 1;
        return unicode_word_second[c];
    }
    if (c >= 0xC2 && c < 0xE0 && end - p > 1 && (p[1] & 0xC0) == 0x80) {
        *length = 2;
        return unicode_word_second[(c & 0x1F) << 6 | (p[1] & 0x3F)];
    }
    *length = utf8_decode(p, (size_t)(end - p), &code);
    if (*length == 0) {
        *length = 1;
        return INVALID;
    }
    return unicode_word(code);
}

/* Looks past the mark that ends at p for what `seek` wants next, over what WB4 attaches to the
 * mark. Returns the end of the character found, with the properties of all met in *properties and
 * the state after it in *state, or NULL. */
static const unsigned char *look_past(const unsigned char *p, const unsigned char *end,
                                      unsigned seek, unsigned *properties, unsigned *state)
{
    unsigned all = 0, word, class;
    size_t length;

    do {
        if (p == end)
            return NULL;
        word = character(p, end, &length);
        class = word & UNICODE_CLASS;
        all |= word;
        p += length;
    } while (class == UNICODE_EXTEND || class == UNICODE_ZWJ);

    bool found;
    if (seek == SEEK_LETTER)
        found = start[class] == LETTER || start[class] == HEBREW;
    else
        found = class == (seek == SEEK_HEBREW ? UNICODE_HEBREW : UNICODE_NUMERIC);
    if (!found)
        return NULL;
    *properties |= all;
    *state = start[class];
    return p;
}

/* The end of the segment that begins at p < end; *properties has the bits of all its characters, of
 * which UNICODE_KEEP makes it a word, and *invalid counts up where it is an invalid byte. */
static inline const unsigned char *segment(const unsigned char *p, const unsigned char *end,
                                           unsigned *properties, uint64_t *invalid)
{
    size_t length;
    unsigned word = character(p, end, &length);
    unsigned state = start[word & UNICODE_CLASS], all = word;

    p += length;
    if ((word & UNICODE_CLASS) == INVALID)
        ++*invalid;
    while (p < end) {
        word = character(p, end, &length);
        if (word == (UNICODE_ALETTER | UNICODE_KEEP) && state == LETTER) { /* most of text */
            p += length;
            all |= UNICODE_KEEP;
            continue;
        }
        unsigned next = action[state][word & UNICODE_CLASS];
        if (next == BREAK)
            break;
        if (next >= SEEK_LETTER) {
            const unsigned char *past = look_past(p + length, end, next, &all, &state);
            if (past == NULL)
                break;
            p = past;
        } else {
            state = next;
            p += length;
        }
        all |= word;
    }
    *properties = all;
    return p;
}

/* Takes white space off both ends of a segment that is a word. What can stand there is what a mark
 * attaches to (WB4) at its begin, and U+202F, which joins letters as an underscore does (WB13a, b),
 * at either; elsewhere that is part of the word. */
static __attribute__((noinline)) void trim(const unsigned char **begin, const unsigned char **end)
{
    const unsigned char *last;
    size_t length;

    while ((character(*begin, *end, &length) & UNICODE_WHITE) != 0)
        *begin += length;
    for (;; *end = last) {
        last = *end - 1;
        while ((*last & 0xC0) == 0x80)
            last--;
        if ((character(last, *end, &length) & UNICODE_WHITE) == 0)
            break;
    }
}

/* The next word in [*begin, limit): sets *begin and *end, and returns where its segment ends. *end
 * is NULL where that is no word. */
static inline const unsigned char *next_word(const unsigned char **begin,
                                             const unsigned char *limit, const unsigned char **end,
                                             uint64_t *invalid)
{
    unsigned properties;
    const unsigned char *past = segment(*begin, limit, &properties, invalid);

    *end = NULL;
    if ((properties & UNICODE_KEEP) != 0) {
        *end = past;
        if ((properties & UNICODE_WHITE) != 0)
            trim(begin, end);
    }
    return past;
}

void words_open(struct words *words, struct words_kernel kernel, bool case_fold)
{
    words->kernel = kernel;
    words->case_fold = case_fold;
    words->fold = case_fold_bytes;
    words->span_limit = UINT32_MAX;
    words->window = case_fold ? WINDOW_FOLD : WINDOW_PLAIN;
    if (test_hooks.words_reach > 0) {
        words->span_limit = test_hooks.words_reach;
        words->window = test_hooks.words_reach / 2;
    }
    words->folded = NULL;
    words->folded_room = 0;
    words->invalid = 0;
    words_begin(words, NULL, 0);
}

void words_close(struct words *words)
{
    free(words->folded);
    words->folded = NULL;
    words->folded_room = 0;
}

void words_begin(struct words *words, const unsigned char *data, size_t size)
{
    words->data = data;
    words->size = size;
    words->pos = 0;
    words->window_end = 0;
    words->bare_until = 0;
}

/* Makes the buffer of folded text hold `room` bytes and the pad. 0 or -1. */
static int make_room(struct words *words, size_t room)
{
    if (room <= words->folded_room)
        return 0;
    size_t want = words->folded_room * 2 > room ? words->folded_room * 2 : room;
    if (want > SIZE_MAX - MR_PAD)
        return -1;
    unsigned char *bytes = realloc(words->folded, want + MR_PAD);
    if (bytes == NULL)
        return -1;
    words->folded = bytes;
    words->folded_room = want;
    return 0;
}

/* Whether the kernel can go on at pos: there is a safe cut ahead, found again for each window. */
static bool kernel_window(struct words *words)
{
    if (words->pos < words->window_end)
        return true;
    if (words->pos < words->bare_until)
        return false;
    if (words->size - words->pos <= words->window) {
        words->window_end = words->size;
        return true;
    }
    size_t cut = words_border_last(words->data + words->pos, words->window);
    if (cut == 0) {
        words->bare_until = words->pos + words->window;
        return false;
    }
    words->window_end = words->pos + cut;
    return true;
}

/* Whether ASCII begins at p that is worth starting the kernel: 16 bytes, or all that is left. */
static inline bool ascii_ahead(const unsigned char *p, const unsigned char *end)
{
    uint64_t a, b;

    if (end - p < 16) {
        while (p < end && *p < 0x80)
            p++;
        return p == end;
    }
    memcpy(&a, p, 8);
    memcpy(&b, p + 8, 8);
    return ((a | b) & 0x8080808080808080) == 0;
}

/* Whether there is no room for what a call of the kernel needs at least. */
static inline bool nearly_full(size_t count)
{
    return WORDS_BATCH - count < (KERNELS_MIN > PAIRS_MIN ? KERNELS_MIN : PAIRS_MIN);
}

static int give(struct words_batch *batch, const unsigned char *base, const struct mr_span *spans,
                size_t count, size_t giant)
{
    batch->base = base;
    batch->spans = spans;
    batch->count = count;
    batch->giant = giant;
    return count > 0 || giant > 0;
}

/* Whether words of two-byte letters begin at p; a guess by the first three characters. */
static inline bool pairs_ahead(const unsigned char *p, const unsigned char *end)
{
    return end - p >= 16 && (unicode_pairs[p[0]] >> (p[1] & 0x3F) & 1) != 0 &&
           unicode_pairs[p[2]] != 0;
}

/* What can go on from pos faster than the automaton, and up to where; NULL when nothing can. */
static inline words_run *choose(struct words *words, const unsigned char **stop)
{
    const unsigned char *p = words->data + words->pos, *end = words->data + words->size;

    if (*p < 0x80) {
        if (!ascii_ahead(p, end) || !kernel_window(words))
            return NULL;
        *stop = words->data + words->window_end;
        return words->kernel.run;
    }
    words_run *run = NULL;
    if (pairs_ahead(p, end))
        run = pairs_words;
    else if (triples_ahead(p, end))
        run = triples_words;
    *stop = words->size - words->pos > words->window ? p + words->window : end;
    return run;
}

/* words_next without folding: spans of the text itself. */
static int next_plain(struct words *words, struct words_batch *batch)
{
    const unsigned char *data = words->data, *p = data + words->pos, *end = data + words->size;
    const unsigned char *base = p, *stop;
    size_t count = 0;

    while (p < end && !nearly_full(count)) {
        if ((size_t)(p - base) > words->span_limit / 4) {
            if (count > 0)
                break;
            base = p;
        }
        words->pos = (size_t)(p - data);
        words_run *run = choose(words, &stop);
        if (run != NULL) {
            size_t got;
            p = base + run(base, (size_t)(stop - base), (size_t)(p - base),
                           spans_positions(words->spans + count), WORDS_BATCH - count, &got, NULL);
            count += got;
            if (p == end || nearly_full(count))
                break;
        }

        const unsigned char *from = p, *begin = p, *word_end;
        p = next_word(&begin, end, &word_end, &words->invalid);
        if (word_end == NULL)
            continue;
        if ((size_t)(word_end - base) > words->span_limit) {
            /* The next batch has it, whose base it is; or it is a giant even there. */
            words->pos = (size_t)((count > 0 ? from : p) - data);
            if (count > 0)
                return give(batch, base, words->spans, count, 0);
            base = begin;
            if ((size_t)(word_end - base) > words->span_limit)
                return give(batch, base, NULL, 0, (size_t)(word_end - base));
        }
        words->spans[count].begin = (uint32_t)(begin - base);
        words->spans[count++].end = (uint32_t)(word_end - base);
    }
    words->pos = (size_t)(p - data);
    return give(batch, base, words->spans, count, 0);
}

/* words_next with folding: spans of the buffer of folded text, which gets the stretches that run()
 * folds whole, and of the rest only the words. */
static int next_folded(struct words *words, struct words_batch *batch)
{
    const unsigned char *data = words->data, *p = data + words->pos, *end = data + words->size;
    const unsigned char *stop;
    size_t count = 0, used = 0;

    while (p < end && !nearly_full(count) && (used < words->window || count == 0)) {
        if (count == 0)
            used = 0;
        words->pos = (size_t)(p - data);
        words_run *run = choose(words, &stop);
        if (run != NULL) {
            size_t size = (size_t)(stop - p), got;
            if (make_room(words, used + size) != 0)
                return -1;
            size_t done = run(p, size, 0, spans_positions(words->spans + count),
                              WORDS_BATCH - count, &got, words->folded + used);
            for (size_t i = count; used > 0 && i < count + got; i++) {
                words->spans[i].begin += (uint32_t)used;
                words->spans[i].end += (uint32_t)used;
            }
            count += got;
            used = count > 0 ? used + done : 0;
            p += done;
            if (p == end || nearly_full(count))
                break;
        }

        const unsigned char *from = p, *begin = p, *word_end;
        p = next_word(&begin, end, &word_end, &words->invalid);
        if (word_end == NULL)
            continue;
        size_t length = (size_t)(word_end - begin);
        if (make_room(words, used + CASE_FOLD_ROOM(length)) != 0)
            return -1;
        size_t size = words->fold(begin, length, words->folded + used);
        if (used + size > words->span_limit) {
            words->pos = (size_t)((count > 0 ? from : p) - data);
            if (count > 0)
                return give(batch, words->folded, words->spans, count, 0);
            return give(batch, words->folded + used, NULL, 0, size);
        }
        words->spans[count].begin = (uint32_t)used;
        used += size;
        words->spans[count++].end = (uint32_t)used;
    }
    words->pos = (size_t)(p - data);
    return give(batch, words->folded, words->spans, count, 0);
}

int words_next(struct words *words, struct words_batch *batch)
{
    if (words->pos == words->size)
        return give(batch, words->data, words->spans, 0, 0);
    return words->case_fold ? next_folded(words, batch) : next_plain(words, batch);
}
