/* SPDX-License-Identifier: MIT
 *
 * selection - see selection.h.
 */
#include "values/selection.h"

#include "values/decimal_code.h"
#include "values/short_word.h"

#include <stdlib.h>
#include <string.h>

/* 2^11 parts. */
#define PART_BITS 11
/* Codes that are looked at together. */
#define BATCH 64
/* Up to so many codes are sorted by insertion. */
#define FEW 24

_Static_assert(SELECTION_HELD == 1 << PART_BITS, "one room for both");

union selection_room {
    uint64_t parts[SELECTION_HELD];
    uint64_t words[SELECTION_HELD];
    unsigned char codes[SELECTION_HELD][DECIMAL_CODE_ROOM];
};

int selection_open(struct selection *selection, size_t count)
{
    *selection = (struct selection){count, calloc(count, sizeof *selection->searches)};
    return selection->searches != NULL ? 0 : -1;
}

void selection_close(struct selection *selection)
{
    for (size_t i = 0; selection->searches != NULL && i < selection->count; i++)
        free(selection->searches[i].room);
    free(selection->searches);
    *selection = (struct selection){.count = 0};
}

/* ---- Codes --------------------------------------------------------------------------------- */

/* The first 8 bytes as a number, zeros behind the last one. As no code is the beginning of another,
 * words of codes that end within them are equal only where the codes are. */
static inline uint64_t word_of(const unsigned char *at, size_t size)
{
    return size >= DECIMAL_CODE_WORD ? decimal_code_load(at) : short_word_load(at, size);
}

/* A code with zeros behind it, by which memcmp orders all codes. */
static void pad_code(unsigned char to[DECIMAL_CODE_ROOM], const unsigned char *code, size_t size)
{
    memset(to, 0, DECIMAL_CODE_ROOM);
    memcpy(to, code, size);
}

/* Codes of a pass, as a search looks at them. */
struct codes {
    const uint64_t *words;        /* of the bytes behind what those of the search share */
    const struct mr_bytes *whole; /* NULL: they are whole in their words, and nothing is shared */
    size_t count;
};

static inline void store_code(unsigned char to[DECIMAL_CODE_ROOM], const struct codes *codes,
                              size_t i)
{
    if (codes->whole != NULL) {
        pad_code(to, codes->whole[i].data, codes->whole[i].size);
        return;
    }
    memset(to, 0, DECIMAL_CODE_ROOM);
    decimal_code_store(to, codes->words[i]);
}

/* Whether a word is between the bounds. */
static inline bool is_within(const struct selection_search *search, uint64_t word)
{
    return word - search->low <= search->high - search->low;
}

/* ---- Holding codes ------------------------------------------------------------------------- */

static void hold_all(struct selection_search *search)
{
    union selection_room *room = search->room;

    search->whole = false;
    for (size_t i = search->held; i-- > 0;) {
        const uint64_t word = room->words[i];
        memset(room->codes[i], 0, DECIMAL_CODE_ROOM);
        memcpy(room->codes[i], search->shared, search->depth);
        decimal_code_store(room->codes[i] + search->depth, word);
    }
}

static inline void hold(struct selection_search *search, const struct codes *codes, size_t i)
{
    const bool whole =
        codes->whole == NULL || codes->whole[i].size - search->depth <= DECIMAL_CODE_WORD;

    if (search->whole && whole) {
        search->room->words[search->held++] = codes->words[i];
        return;
    }
    if (search->whole)
        hold_all(search);
    store_code(search->room->codes[search->held++], codes, i);
}

static void sort_words(uint64_t *words, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const uint64_t word = words[i];
        size_t j = i;
        for (; j > 0 && words[j - 1] > word; j--)
            words[j] = words[j - 1];
        words[j] = word;
    }
}

/* Brings words that are below that, or not above it, to the front. Returns how many they are. A
 * branch would be an unpredictable one. */
static inline size_t part_words(uint64_t *words, size_t count, uint64_t middle, bool equal_too)
{
    size_t front = 0;

    for (size_t i = 0; i < count; i++) {
        const uint64_t word = words[i];
        words[i] = words[front];
        words[front] = word;
        front += equal_too ? word <= middle : word < middle;
    }
    return front;
}

/* Brings the word to its place that sorting would bring there: what is in front of it is not
 * greater, what is behind it not less. */
static void place_word(uint64_t *words, size_t count, size_t place)
{
    while (count > FEW) {
        const uint64_t a = words[0], b = words[count / 2], c = words[count - 1];
        const uint64_t middle = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        size_t front = part_words(words, count, middle, false);
        if (front == 0) {
            front = part_words(words, count, middle, true);
            if (place < front)
                return;
        }
        if (place < front) {
            count = front;
            continue;
        }
        words += front;
        count -= front;
        place -= front;
    }
    sort_words(words, count);
}

static int compare_codes(const void *a, const void *b)
{
    return memcmp(a, b, DECIMAL_CODE_ROOM);
}

/* ---- A pass -------------------------------------------------------------------------------- */

static void add_bounds(struct selection_search *search, const struct codes *codes)
{
    uint64_t low = search->low, high = search->high;

    for (size_t i = 0; i < codes->count; i++) {
        const uint64_t word = codes->words[i];
        low = word < low ? word : low;
        high = word > high ? word : high;
    }
    search->low = low;
    search->high = high;
}

static void add_divided(struct selection_search *search, const struct codes *codes)
{
    uint64_t *const parts = search->room->parts;
    const uint64_t low = search->low, range = search->high - low;
    const unsigned shift = search->shift;

    for (size_t i = 0; i < codes->count; i++) {
        const uint64_t above = codes->words[i] - low;
        if (above <= range)
            parts[above >> shift]++;
    }
}

static void add_guessed(struct selection_search *search, const struct codes *codes)
{
    uint64_t below = search->below;

    for (size_t i = 0; i < codes->count; i++)
        below += codes->words[i] < search->low;
    search->below = below;
    add_divided(search, codes);
}

static void add_held(struct selection_search *search, const struct codes *codes)
{
    for (size_t i = 0; i < codes->count; i++)
        if (is_within(search, codes->words[i]))
            hold(search, codes, i);
}

static void add_fewest(struct selection_search *search, const struct codes *codes)
{
    const uint64_t least = decimal_code_load(search->least);
    unsigned char code[DECIMAL_CODE_ROOM];

    for (size_t i = 0; i < codes->count; i++) {
        if (codes->words[i] < least || codes->words[i] > decimal_code_load(search->code))
            continue;
        store_code(code, codes, i);
        if (compare_codes(code, search->code) < 0 && compare_codes(code, search->least) >= 0)
            memcpy(search->code, code, sizeof code);
    }
}

/* Returns -1 when memory is out. */
static int search_add(struct selection_search *search, const struct codes *codes)
{
    static void (*const ways[])(struct selection_search *, const struct codes *) = {
        [SELECTION_BOUNDS] = add_bounds,  [SELECTION_GUESS] = add_guessed,
        [SELECTION_DIVIDE] = add_divided, [SELECTION_HOLD] = add_held,
        [SELECTION_FEWEST] = add_fewest,
    };

    if (search->room == NULL) {
        search->room = malloc(sizeof *search->room);
        if (search->room == NULL)
            return -1;
        memset(search->room->parts, 0, sizeof search->room->parts);
    }
    ways[search->state](search, codes);
    return 0;
}

/* Whether the one of that number looks for itself, and for others. */
static bool looks(const struct selection *selection, size_t i)
{
    return selection->searches[i].state != SELECTION_DONE && selection->searches[i].leader == i;
}

/* Adds BATCH codes at the most. */
static int add_batch(struct selection_search *search, const struct mr_bytes *codes, size_t count)
{
    const size_t depth = search->depth;
    struct mr_bytes whole[BATCH];
    uint64_t words[BATCH];
    size_t shared = 0;

    for (size_t i = 0; i < count; i++) {
        if (depth > 0 &&
            (codes[i].size <= depth || memcmp(codes[i].data, search->shared, depth) != 0))
            continue;
        words[shared] = word_of(codes[i].data + depth, codes[i].size - depth);
        whole[shared++] = codes[i];
    }
    return search_add(search, &(struct codes){words, whole, shared});
}

int selection_add(struct selection *selection, const struct mr_bytes *codes, size_t count)
{
    int result = 0;

    for (size_t i = 0; i < selection->count; i++)
        for (size_t at = 0; looks(selection, i) && result == 0 && at < count; at += BATCH)
            result = add_batch(&selection->searches[i], codes + at,
                               count - at < BATCH ? count - at : BATCH);
    return result;
}

int selection_add_words(struct selection *selection, const uint64_t *words, size_t count)
{
    int result = 0;

    /* What searches share at a depth is the beginning of longer ones alone. */
    for (size_t i = 0; result == 0 && i < selection->count; i++)
        if (looks(selection, i) && selection->searches[i].depth == 0)
            result = search_add(&selection->searches[i], &(struct codes){words, NULL, count});
    return result;
}

/* ---- Between passes ------------------------------------------------------------------------ */

/* Its code is known. There may be numbers that are equal with fewer decimals: their codes are in
 * front of it, but not of that without zeros at the end. */
static void search_found(struct selection_search *search)
{
    struct decimal number, stripped;
    unsigned char least[DECIMAL_CODE_ROOM] = {0};

    decimal_decode(search->code, &number);
    stripped = number;
    decimal_strip(&stripped);
    search->state = SELECTION_DONE;
    search->depth = 0;
    if (stripped.scale == number.scale)
        return;
    pad_code(search->least, least, decimal_code(&stripped, least));
    search->state = SELECTION_FEWEST;
}

/* Ends a search among what its leader has held. */
static void search_held(struct selection_search *search, const struct selection_search *leader)
{
    union selection_room *room = leader->room;

    if (leader->whole) {
        place_word(room->words, leader->held, (size_t)search->place);
        memset(search->code, 0, sizeof search->code);
        memcpy(search->code, search->shared, search->depth);
        decimal_code_store(search->code + search->depth, room->words[search->place]);
    } else {
        qsort(room->codes, leader->held, sizeof *room->codes, compare_codes);
        memcpy(search->code, room->codes[search->place], sizeof search->code);
    }
    search_found(search);
}

/* What a search does in the next pass, when its bounds are known. */
static void search_go_on(struct selection_search *search)
{
    const uint64_t range = search->high - search->low;

    search->state = search->count <= SELECTION_HELD ? SELECTION_HOLD : SELECTION_DIVIDE;
    search->shift = range >> PART_BITS != 0 ? 64 - PART_BITS - (unsigned)__builtin_clzll(range) : 0;
    search->held = 0;
    search->whole = true;
}

/* Begins with words at a depth of which nothing is known. */
static void search_begin(struct selection_search *search)
{
    const bool many = search->count > SELECTION_HELD;

    search->low = many ? UINT64_MAX : 0;
    search->high = many ? 0 : UINT64_MAX;
    search_go_on(search);
    if (many)
        search->state = SELECTION_BOUNDS;
}

/* Narrows a search down to the part that its place is in. */
static void search_part(struct selection_search *search, const struct selection_search *leader)
{
    const uint64_t *parts = leader->room->parts;
    const uint64_t most = (UINT64_C(1) << leader->shift) - 1;
    uint64_t part = 0;

    for (; search->place >= parts[part]; part++)
        search->place -= parts[part];
    search->count = parts[part];
    search->low += part << leader->shift;
    if (search->high - search->low > most)
        search->high = search->low + most;
    if (search->low < search->high) {
        search_go_on(search);
        return;
    }
    /* One word, which begins many codes, or is one. */
    decimal_code_store(search->shared + search->depth, search->low);
    search->depth += DECIMAL_CODE_WORD;
    search_begin(search);
    if (search->depth < decimal_code_size(search->shared))
        return;
    memset(search->code, 0, sizeof search->code);
    memcpy(search->code, search->shared, search->depth);
    search_found(search);
}

/* Narrows a guess down to a part; or to what is below it, or above, where it was wrong. */
static void search_guessed(struct selection_search *search, const struct selection_search *leader)
{
    uint64_t within = 0;

    for (size_t i = 0; i < SELECTION_HELD; i++)
        within += leader->room->parts[i];
    if (search->place < leader->below) {
        search->count = leader->below;
        search->high = search->low - 1;
        search->low = 0;
        search_go_on(search);
    } else if (search->place - leader->below >= within) {
        search->place -= leader->below + within;
        search->count -= leader->below + within;
        search->low = search->high + 1;
        search->high = UINT64_MAX;
        search_go_on(search);
    } else {
        search->place -= leader->below;
        search_part(search, leader);
    }
}

static void search_end_pass(struct selection_search *search, const struct selection_search *leader)
{
    switch (search->state) {
    case SELECTION_BOUNDS:
        search->low = leader->low;
        search->high = leader->high;
        search_go_on(search);
        break;
    case SELECTION_GUESS:
        search_guessed(search, leader);
        break;
    case SELECTION_DIVIDE:
        search_part(search, leader);
        break;
    case SELECTION_HOLD:
        search_held(search, leader);
        break;
    case SELECTION_FEWEST:
        search->state = SELECTION_DONE;
        break;
    case SELECTION_DONE:
        break;
    }
}

/* Whether the same is known of both, so that one may look for the other too. */
static bool searches_agree(const struct selection_search *a, const struct selection_search *b)
{
    return a->state == b->state && a->state != SELECTION_FEWEST && a->depth == b->depth &&
           a->low == b->low && a->high == b->high && memcmp(a->shared, b->shared, a->depth) == 0;
}

/* Finds who looks for whom, and clears what they count. */
static void set_leaders(struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++) {
        struct selection_search *search = &selection->searches[i];
        search->leader = i;
        if (i > 0 && searches_agree(search, search - 1))
            search->leader = (search - 1)->leader;
        else if ((search->state == SELECTION_DIVIDE || search->state == SELECTION_GUESS) &&
                 search->room != NULL)
            memset(search->room->parts, 0, sizeof search->room->parts);
    }
}

void selection_begin(struct selection *selection, uint64_t total, const uint64_t *places)
{
    for (size_t i = 0; i < selection->count; i++) {
        struct selection_search *search = &selection->searches[i];
        search->depth = 0;
        search->count = total;
        search->place = places[i];
        search_begin(search);
    }
    set_leaders(selection);
}

static uint64_t square_root(uint64_t number)
{
    uint64_t root = 0;

    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1)
        if ((root | bit) * (root | bit) <= number)
            root |= bit;
    return root;
}

void selection_guess(struct selection *selection, uint64_t *words)
{
    const uint64_t count = SELECTION_SAMPLE;

    for (size_t i = 0; i < selection->count; i++) {
        struct selection_search *search = &selection->searches[i];
        if (search->state != SELECTION_BOUNDS)
            continue;
        /* Where it is in the sample has this much and more above and below it in all but a few
         * cases in a thousand: three times the standard deviation. */
        const uint64_t place = (uint64_t)((unsigned __int128)search->place * count / search->count);
        const uint64_t off = 3 * square_root(place * (count - place) / count) + 3;
        search->low = 0;
        search->high = UINT64_MAX;
        if (place >= off) {
            place_word(words, count, place - off);
            search->low = words[place - off];
        }
        if (place + off < count) {
            place_word(words, count, place + off);
            search->high = words[place + off];
        }
        search->below = 0;
        search_go_on(search);
        search->state = SELECTION_GUESS;
    }
    set_leaders(selection);
}

bool selection_wants_more(struct selection *selection)
{
    bool more = false;

    /* A leader stands before those it looks for: it is changed after them. */
    for (size_t i = selection->count; i-- > 0;) {
        struct selection_search *search = &selection->searches[i];
        search_end_pass(search, &selection->searches[search->leader]);
        more |= search->state != SELECTION_DONE;
    }
    set_leaders(selection);
    return more;
}

void selection_number(const struct selection *selection, size_t which, struct decimal *number)
{
    decimal_decode(selection->searches[which].code, number);
}
