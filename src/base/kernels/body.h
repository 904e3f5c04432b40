/* SPDX-License-Identifier: MIT
 *
 * body - the kernels' one algorithm, written over the primitives of an instruction set.
 *
 * To be included by one file an instruction set, which before has defined
 *     BODY_NAME, BODY_TABLE     the set's name and the name of its struct kernels
 *     struct block              64 bytes
 *     block_load, block_store   from and to unaligned memory
 *     block_lower               A-Z made small
 *     block_wide                mask of the bytes above 0x7f
 *     block_equal               mask of the bytes equal to one
 *     block_spaces, block_blanks, block_letters   masks of those classes
 *     block_classes             masks of the classes that make ASCII words
 *     block_members             mask of the bytes in a set, as `members` of struct kernels has it;
 *                               of the blocks the second and third begin a byte and two behind
 *     body_flatten              writes base + i for each bit i that is set, in order, and returns
 *                               the end of the list; may write up to 64 entries
 * and has switched its instructions on.
 *
 * Bit i of a mask is byte i of the block. Where `t` has a bit for each byte of a token, tokens
 * begin and end where t differs from itself moved on by one byte, so that t ^ (t << 1 | carry)
 * flattened is a list of spans.
 */

#include <string.h>

#include "base/kernels/kernels.h"

_Static_assert(sizeof(struct block) == KERNELS_BLOCK, "a mask has a bit a byte of a block");

/* Bits of the bytes left in the last block. */
static inline uint64_t body_valid(size_t left)
{
    return left < 64 ? (UINT64_C(1) << left) - 1 : UINT64_MAX;
}

enum body_class { BODY_SPACES, BODY_BLANKS, BODY_LETTERS };

/* Inlined with a constant class, so that each kernel is a loop of its own. */
static inline __attribute__((always_inline)) uint64_t
body_tokens(enum body_class class, struct block block, unsigned char extra)
{
    if (class == BODY_LETTERS)
        return block_letters(block);
    uint64_t gaps = class == BODY_SPACES ? block_spaces(block) : block_blanks(block);
    if (extra != ' ')
        gaps |= block_equal(block, extra);
    return ~gaps;
}

static inline __attribute__((always_inline)) size_t
body_runs(enum body_class class, bool folding, const unsigned char *data, size_t size, size_t pos,
          struct kernels_output *output, unsigned char extra)
{
    unsigned char *const folded = output->folded;
    uint32_t *const first = output->positions;
    uint32_t *const limit = first + 2 * output->max - 64;
    uint32_t *out = first;
    uint64_t carry = 0, seen = 0;

    while (pos < size && out <= limit) {
        struct block block = block_load(data + pos);
        uint64_t valid = body_valid(size - pos);
        uint64_t tokens = body_tokens(class, block, extra) & valid;
        if (folding) {
            block_store(folded + pos, block_lower(block));
            if (class != BODY_LETTERS)
                seen |= block_wide(block) & valid;
        }
        out = body_flatten(tokens ^ (tokens << 1 | carry), (uint32_t)pos, out);
        carry = tokens >> 63;
        pos += 64;
    }
    if (pos >= size) {
        pos = size;
        if (carry)
            *out++ = (uint32_t)size;
    } else if (carry) {
        pos = *--out; /* a token that goes on behind: from its begin next time */
    }
    if (class != BODY_LETTERS && seen)
        output->wide = true;
    output->count = (size_t)(out - first) / 2;
    return pos;
}

#define BODY_RUNS_KERNEL(name, class)                                                              \
    static size_t name(const unsigned char *data, size_t size, size_t pos,                         \
                       struct kernels_output *output, unsigned char extra)                         \
    {                                                                                              \
        if (output->folded && extra != ' ')                                                        \
            return body_runs(class, true, data, size, pos, output, extra);                         \
        if (output->folded)                                                                        \
            return body_runs(class, true, data, size, pos, output, ' ');                           \
        if (extra != ' ')                                                                          \
            return body_runs(class, false, data, size, pos, output, extra);                        \
        return body_runs(class, false, data, size, pos, output, ' ');                              \
    }

BODY_RUNS_KERNEL(body_spaces, BODY_SPACES)
BODY_RUNS_KERNEL(body_blanks, BODY_BLANKS)

/* Fields by blanks. Of a line no more is looked at, behind its field, than where it ends. */
static inline __attribute__((always_inline)) size_t
body_fields_of(bool folding, const unsigned char *data, size_t size, size_t pos,
               struct kernels_output *output, struct kernels_fields *fields)
{
    const uint64_t number = fields->number;
    const unsigned char end = fields->end;
    unsigned char *const folded = output->folded;
    uint32_t *const first = output->positions;
    uint32_t *const limit = first + 2 * output->max - 64;
    uint32_t *out = first;
    uint64_t left = fields->left, carry = fields->inside, seen = 0;
    uint32_t begin = fields->begin;
    bool open = fields->open;

    while (pos < size && out <= limit) {
        struct block block = block_load(data + pos);
        uint64_t valid = body_valid(size - pos);
        uint64_t ends = block_equal(block, end) & valid;
        uint64_t gaps = block_blanks(block) | ends | ~valid;
        uint64_t begins = ~gaps & (gaps << 1 | (carry ^ 1));
        uint32_t base = (uint32_t)pos;
        if (folding) {
            block_store(folded + pos, block_lower(block));
            seen |= block_wide(block) & valid;
        }
        carry = ~gaps >> 63;
        pos += 64;
        if (open && gaps) { /* line ends are among the gaps: none stands before */
            *out++ = begin;
            *out++ = base + (uint32_t)__builtin_ctzll(gaps);
            open = false;
        }
        for (;;) {
            if (left == 0) {
                if (ends == 0)
                    break;
                begins &= ~(ends ^ (ends - 1));
                ends &= ends - 1;
                left = number;
            }
            uint64_t line = begins & ((ends & (0 - ends)) - 1);
            const uint64_t count = (uint64_t)__builtin_popcountll(line);
            if (count < left) {
                left = ends ? 0 : left - count;
                if (ends == 0)
                    break;
                continue;
            }
            for (; left > 1; left--)
                line &= line - 1;
            left = 0;
            const uint64_t behind = gaps & (0 - (line & (0 - line)));
            begin = base + (uint32_t)__builtin_ctzll(line);
            open = behind == 0;
            if (open)
                break;
            *out++ = begin;
            *out++ = base + (uint32_t)__builtin_ctzll(behind);
        }
    }
    if (pos >= size) {
        pos = size;
        if (open) {
            *out++ = begin;
            *out++ = (uint32_t)size;
            open = false;
        }
    }
    if (folding && seen)
        output->wide = true;
    fields->left = left;
    fields->inside = carry;
    fields->begin = begin;
    fields->open = open;
    output->count = (size_t)(out - first) / 2;
    return pos;
}

static size_t body_fields(const unsigned char *data, size_t size, size_t pos,
                          struct kernels_output *output, struct kernels_fields *fields)
{
    if (output->folded)
        return body_fields_of(true, data, size, pos, output, fields);
    return body_fields_of(false, data, size, pos, output, fields);
}

static size_t body_letters(const unsigned char *data, size_t size, size_t pos,
                           struct kernels_output *output)
{
    if (output->folded)
        return body_runs(BODY_LETTERS, true, data, size, pos, output, 0);
    return body_runs(BODY_LETTERS, false, data, size, pos, output, 0);
}

static inline __attribute__((always_inline)) size_t
body_marks_of(bool folding, bool two, const unsigned char *data, size_t size, size_t pos,
              struct kernels_output *output, unsigned char a, unsigned char b)
{
    unsigned char *const folded = output->folded;
    uint32_t *const first = output->positions;
    uint32_t *const limit = first + output->max - 64;
    uint32_t *out = first;
    uint64_t seen = 0;

    while (pos < size && out <= limit) {
        struct block block = block_load(data + pos);
        uint64_t valid = body_valid(size - pos);
        uint64_t marks = block_equal(block, a);
        if (two)
            marks |= block_equal(block, b);
        if (folding) {
            block_store(folded + pos, block_lower(block));
            seen |= block_wide(block) & valid;
        }
        marks &= valid;
        if (marks) /* lines are often longer than blocks */
            out = body_flatten(marks, (uint32_t)pos, out);
        pos += 64;
    }
    if (folding && seen)
        output->wide = true;
    output->count = (size_t)(out - first);
    return pos < size ? pos : size;
}

static size_t body_marks(const unsigned char *data, size_t size, size_t pos,
                         struct kernels_output *output, unsigned char a, unsigned char b)
{
    if (output->folded)
        return body_marks_of(true, true, data, size, pos, output, a, b);
    if (a != b)
        return body_marks_of(false, true, data, size, pos, output, a, b);
    return body_marks_of(false, false, data, size, pos, output, a, a);
}

/* ---- Records ------------------------------------------------------------------------------ */

/* Bit i is the parity of the bits up to i. */
static inline uint64_t body_parity(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

/* Whether the byte to come is in quotes, and whether it may open them: all bits, and the lowest. */
struct body_quotes {
    uint64_t quoted, begins;
};

/* Mask of the bytes in quotes; `marks` are delimiters and ends. By parity quotes open and close in
 * turn. The first that would open where none may is a byte of a field; without it the parity of
 * those behind it is another. */
static inline uint64_t body_quoted(uint64_t quotes, uint64_t marks, struct body_quotes *state)
{
    uint64_t quoted = state->quoted;

    while (quotes) {
        quoted = body_parity(quotes) ^ state->quoted;
        uint64_t bytes = quotes & quoted & ~((marks | quotes) << 1 | state->begins);
        if (__builtin_expect(bytes == 0, 1))
            break;
        quotes &= ~(bytes & (0 - bytes));
        quoted = state->quoted;
    }
    state->begins = (marks | quotes) >> 63;
    state->quoted = 0 - (quoted >> 63);
    return quoted;
}

static inline __attribute__((always_inline)) size_t
body_records_of(bool folding, const unsigned char *data, size_t size, size_t pos,
                struct kernels_output *output, struct kernels_records *records)
{
    const unsigned char delimiter = records->delimiter, end = records->end;
    unsigned char *const folded = output->folded;
    uint32_t *const first = output->positions;
    uint32_t *const limit = first + output->max - 64;
    uint32_t *out = first;
    struct body_quotes state = {0 - (uint64_t)records->quoted, records->begins};
    uint64_t seen = 0, count = 0;

    while (pos < size && out <= limit) {
        struct block block = block_load(data + pos);
        uint64_t valid = body_valid(size - pos);
        uint64_t ends = block_equal(block, end) & valid;
        uint64_t marks = (block_equal(block, delimiter) & valid) | ends;
        count += (uint64_t)__builtin_popcountll(ends);
        if (folding) {
            block_store(folded + pos, block_lower(block));
            seen |= block_wide(block) & valid;
        }
        marks &= ~body_quoted(block_equal(block, '"') & valid, marks, &state);
        if (marks)
            out = body_flatten(marks, (uint32_t)pos, out);
        pos += 64;
    }
    records->quoted = state.quoted & 1;
    records->begins = state.begins;
    records->ends += count;
    if (folding && seen)
        output->wide = true;
    output->count = (size_t)(out - first);
    return pos < size ? pos : size;
}

static size_t body_records(const unsigned char *data, size_t size, size_t pos,
                           struct kernels_output *output, struct kernels_records *records)
{
    if (output->folded)
        return body_records_of(true, data, size, pos, output, records);
    return body_records_of(false, data, size, pos, output, records);
}

static size_t body_records_last(const unsigned char *data, size_t size,
                                struct kernels_records *records)
{
    const unsigned char delimiter = records->delimiter, end = records->end;
    struct body_quotes state = {0 - (uint64_t)records->quoted, records->begins};
    unsigned char rest[KERNELS_BLOCK] = {0};
    uint64_t count = 0, last = 0;
    size_t last_pos = 0;

    memcpy(rest, data + size / 64 * 64, size % 64);
    for (size_t pos = 0; pos < size; pos += 64) {
        struct block block = block_load(size - pos < 64 ? rest : data + pos);
        uint64_t valid = body_valid(size - pos);
        uint64_t ends = block_equal(block, end) & valid;
        uint64_t marks = (block_equal(block, delimiter) & valid) | ends;
        count += (uint64_t)__builtin_popcountll(ends);
        ends &= ~body_quoted(block_equal(block, '"') & valid, marks, &state);
        if (ends) {
            last = ends;
            last_pos = pos;
        }
    }
    records->quoted = state.quoted & 1;
    records->begins = state.begins;
    records->ends += count;
    return last ? last_pos + 64 - (size_t)__builtin_clzll(last) : 0;
}

/* ---- Words -------------------------------------------------------------------------------- */

static inline bool body_is_letter(unsigned char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static inline bool body_is_digit(unsigned char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* A run of underscores that began at a token's begin: is it a token, given what follows it? What
 * was found out is kept, as a run can be longer than many blocks. */
struct body_underscores {
    size_t end; /* of the run looked at last */
    bool keep;
};

static bool body_keeps_underscores(struct body_underscores *run, const unsigned char *data,
                                   size_t size, size_t at)
{
    if (at >= run->end) {
        while (at < size && data[at] == '_')
            at++;
        run->end = at;
        /* A character above 0x7f may go on with the run: then it is not ours to drop. */
        run->keep =
            at < size && (data[at] > 0x7f || body_is_letter(data[at]) || body_is_digit(data[at]));
    }
    return run->keep;
}

/* Takes the runs of underscores that hold nothing else out of `tokens`; `begins` are the bits of
 * underscores at which tokens begin. */
static uint64_t body_drop_underscores(struct body_underscores *run, const unsigned char *data,
                                      size_t size, size_t pos, uint64_t tokens, uint64_t begins)
{
    while (begins) {
        size_t at = pos + (size_t)__builtin_ctzll(begins);
        begins &= begins - 1;
        if (!body_keeps_underscores(run, data, size, at)) {
            tokens &= ~(body_valid(run->end - pos) & UINT64_MAX << (at - pos));
        }
    }
    return tokens;
}

/* The byte at `at` is above 0x7f or not looked at yet; the tokens before it are written, the last
 * perhaps only its begin. Returns the last certain segment boundary, and takes back what stands
 * behind it. What begins at `at` may attach to the character before, or complete a word across an
 * apostrophe. */
static size_t body_retreat(const unsigned char *data, size_t start, size_t at, uint32_t *first,
                           uint32_t **end)
{
    if ((*end - first) & 1) {
        --*end;
        return **end;
    }
    if (at == start)
        return at;
    switch (data[at - 1]) {
    case '\n':
    case '\v':
    case '\f':
    case '\r':
        return at;
    case ' ':
        while (at > start && data[at - 1] == ' ')
            at--;
        return at;
    case '\'':
    case '.':
    case ':':
    case ',':
    case ';':
        if (*end > first && (*end)[-1] == at - 1) {
            *end -= 2;
            return **end;
        }
        return at - 1;
    default:
        return at - 1;
    }
}

/* What a block leaves to the next: its last byte's classes. */
struct body_carry {
    uint64_t tokens, letters, digits;
};

/* The tokens of the block at pos, of which the `valid` bytes count. */
static inline __attribute__((always_inline)) uint64_t
body_word_tokens(struct block block, uint64_t valid, const unsigned char *data, size_t size,
                 size_t pos, struct body_carry *carry, struct body_underscores *underscores)
{
    struct body_classes classes = block_classes(block);
    uint64_t letters = classes.letters & valid, digits = classes.digits & valid;
    uint64_t underscore = classes.underscore & valid;
    uint64_t next_letter = 0, next_digit = 0;

    /* A joiner that is the last byte of a whole block looks at the byte behind. */
    if (__builtin_expect(((classes.joins_letters | classes.joins_digits) & valid) >> 63 != 0, 0) &&
        size - pos > 64) {
        next_letter = (uint64_t)body_is_letter(data[pos + 64]) << 63;
        next_digit = (uint64_t)body_is_digit(data[pos + 64]) << 63;
    }
    /* `valid` needs not be asked of joiners: they join to valid neighbours on both sides. */
    uint64_t joins =
        (classes.joins_letters & (letters << 1 | carry->letters) & (letters >> 1 | next_letter)) |
        (classes.joins_digits & (digits << 1 | carry->digits) & (digits >> 1 | next_digit));
    uint64_t tokens = letters | digits | underscore | joins;
    uint64_t begins = underscore & tokens & ~(tokens << 1 | carry->tokens);
    if (__builtin_expect(begins != 0, 0))
        tokens = body_drop_underscores(underscores, data, size, pos, tokens, begins);
    carry->letters = letters >> 63;
    carry->digits = digits >> 63;
    return tokens;
}

static inline __attribute__((always_inline)) size_t
body_words_of(bool folding, const unsigned char *data, size_t size, size_t pos, uint32_t *positions,
              size_t max, size_t *count, unsigned char *folded)
{
    const size_t start = pos;
    uint32_t *const first = positions;
    uint32_t *const limit = first + 2 * max - 64;
    uint32_t *out = first;
    struct body_carry carry = {0, 0, 0};
    struct body_underscores underscores = {0, false};
    uint64_t wide = 0;

    /* Whole blocks of ASCII. */
    while (size - pos >= 64 && out <= limit) {
        struct block block = block_load(data + pos);
        wide = block_wide(block);
        if (__builtin_expect(wide != 0, 0))
            break;
        if (folding)
            block_store(folded + pos, block_lower(block));
        uint64_t tokens =
            body_word_tokens(block, UINT64_MAX, data, size, pos, &carry, &underscores);
        out = body_flatten(tokens ^ (tokens << 1 | carry.tokens), (uint32_t)pos, out);
        carry.tokens = tokens >> 63;
        pos += 64;
    }
    /* The last block, or one with a byte above 0x7f: what stands before that. */
    if (pos < size && out <= limit) {
        struct block block = block_load(data + pos);
        uint64_t valid = body_valid(size - pos);
        size_t stop = size;
        wide = block_wide(block) & valid;
        if (wide) {
            stop = pos + (size_t)__builtin_ctzll(wide);
            valid = (wide & (0 - wide)) - 1;
        }
        if (folding)
            block_store(folded + pos, block_lower(block));
        uint64_t tokens = body_word_tokens(block, valid, data, size, pos, &carry, &underscores);
        out = body_flatten(tokens ^ (tokens << 1 | carry.tokens), (uint32_t)pos, out);
        carry.tokens = 0;
        pos = stop;
        /* The token that ends at the wide byte has its end written: it is open still. */
        if (wide && out > first && out[-1] == pos)
            out--;
    }
    if (pos == size) {
        if (carry.tokens)
            *out++ = (uint32_t)size;
    } else {
        uint32_t *end = out;
        pos = body_retreat(data, start, pos, first, &end);
        out = end;
    }
    *count = (size_t)(out - first) / 2;
    return pos;
}

static size_t body_words(const unsigned char *data, size_t size, size_t pos, uint32_t *positions,
                         size_t max, size_t *count, unsigned char *folded)
{
    if (folded)
        return body_words_of(true, data, size, pos, positions, max, count, folded);
    return body_words_of(false, data, size, pos, positions, max, count, NULL);
}

static uint64_t body_members(const unsigned char *data, size_t size, const struct kernels_set *set,
                             uint64_t *masks)
{
    unsigned char rest[KERNELS_BLOCK + 2] = {0};
    uint64_t all = 0;

    for (size_t pos = 0; pos < size; pos += 64) {
        const unsigned char *p = data + pos;
        if (size - pos < 3) /* blocks behind this would be read too far */
            p = memcpy(rest, p, size - pos + 2);
        struct block block = block_load(p);
        uint64_t members = block_wide(block) & body_valid(size - pos);
        if (members != 0)
            members &= block_members(block, block_load(p + 1), block_load(p + 2), set);
        *masks++ = members;
        all |= members;
    }
    return all;
}

static inline __attribute__((always_inline)) uint64_t body_pairs(const unsigned char *data,
                                                                 const struct kernels_pair *pair)
{
    return block_equal(block_load(data), pair->a) &
           block_equal(block_load(data + pair->apart), pair->b);
}

static size_t body_pair(const unsigned char *data, size_t places, const struct kernels_pair *pair)
{
    size_t place = 0;

    for (; places - place >= 128; place += 128) {
        const uint64_t low = body_pairs(data + place, pair);
        const uint64_t high = body_pairs(data + place + 64, pair);
        if ((low | high) != 0)
            return place + (size_t)(low != 0 ? __builtin_ctzll(low) : 64 + __builtin_ctzll(high));
    }
    for (; place < places; place += 64) {
        const uint64_t found = body_pairs(data + place, pair);
        if (found != 0)
            return place + (size_t)__builtin_ctzll(found);
    }
    return place;
}

const struct kernels BODY_TABLE = {
    .name = BODY_NAME,
    .spaces = body_spaces,
    .blanks = body_blanks,
    .fields = body_fields,
    .letters = body_letters,
    .marks = body_marks,
    .records = body_records,
    .records_last = body_records_last,
    .words = body_words,
    .members = body_members,
    .pair = body_pair,
};
