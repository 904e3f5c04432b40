/* SPDX-License-Identifier: MIT
 *
 * kernels - where tokens begin and end, for whole ranges of bytes at a time.
 *
 * Each kernel looks at data[pos, size) in blocks of 64 bytes, turns byte classes into 64-bit masks
 * and writes the positions where tokens begin and end as a flat list: in turn, so that two of them
 * are a token's span.
 * All kernels keep to these terms:
 *  - They begin at `pos`, which nothing before it concerns, and take data[size] as the end of the
 *    text. Positions are counted from data; size and KERNELS_PAD are together below 2^32.
 *  - They write the positions of at most `max` spans, how many says `count`, and `max` is at least
 *    KERNELS_MIN. They may use all of the array for scratch.
 *  - They return `size` when done, or a smaller position when the array is full: all that begins
 *    before it was written and it can be given as the next call's `pos`. They always get on.
 *  - `folded`, where it is not NULL, receives the bytes from `pos` on with A-Z made small, at the
 *    indices that they have in data. It has room for size + KERNELS_PAD bytes; those past the
 *    returned position are undefined. `wide` is then set (never cleared) where a byte above 0x7f
 *    was met.
 *  - They read up to KERNELS_PAD bytes past data[size - 1] and none before data[pos].
 */
#ifndef BASE_KERNELS_KERNELS_H
#define BASE_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNELS_MIN 64

/* Bytes that are looked at together. */
#define KERNELS_BLOCK 64
/* Bytes behind a text that must be readable. */
#define KERNELS_PAD 64
_Static_assert(KERNELS_PAD >= KERNELS_BLOCK, "the block of a text's last byte may be read whole");
_Static_assert(2 * KERNELS_MIN > KERNELS_BLOCK, "a block's edges fit, and one behind them");

/* What a kernel writes, and where to. The caller sets all but `count`, once for many calls. */
struct kernels_output {
    uint32_t *positions; /* of a span its begin and its end, of a mark one */
    size_t max;
    size_t count; /* of the last call */
    unsigned char *folded;
    bool wide; /* letters leave it as it is */
};

/* How far records of CSV (RFC 4180) have been read, where a quote opens only at the beginning of a
 * field and is a byte like any other elsewhere. At the beginning of a record nothing is quoted and
 * `begins` is set. */
struct kernels_records {
    unsigned char delimiter, end; /* of fields, of records; neither is a quote */
    bool quoted;                  /* the byte to come is in quotes */
    bool begins;                  /* a quote as the byte to come would open them, or go on with
                                   * those just closed */
    uint64_t ends;                /* bytes equal to `end` so far, in quotes or not */
};

/* Which field of lines is looked for, and how far in a line that has come. At the beginning of a
 * line `left` is `number`, and no field is open. */
struct kernels_fields {
    uint64_t number;   /* of the field, from 1 */
    unsigned char end; /* of lines */
    bool inside;       /* the byte to come goes on with a field, if it is of one */
    bool open;         /* the field looked for has begun, at `begin`, and not ended */
    uint32_t begin;
    uint64_t left; /* fields that begin before the one has; 0 behind its beginning */
};

/* Two bytes, the second of them `apart` bytes behind the first. */
struct kernels_pair {
    unsigned char a, b;
    size_t apart;
};

/* A set of characters above 0x7f, told by three bytes: those for which, for one of both k, one bit
 * is set in all of low[k][i] at the lower half of byte i, and high[k][i] at the upper. */
struct kernels_set {
    uint8_t low[2][3][16], high[2][3][16];
};

struct kernels {
    const char *name;
    /* Runs of bytes other than space \t \n \v \f \r and `extra` (give ' ' for none). */
    size_t (*spaces)(const unsigned char *data, size_t size, size_t pos,
                     struct kernels_output *output, unsigned char extra);
    /* Runs of bytes other than space \t \n and `extra`. */
    size_t (*blanks)(const unsigned char *data, size_t size, size_t pos,
                     struct kernels_output *output, unsigned char extra);
    /* Of each line the field of a number: fields are runs of bytes other than space \t \n and the
     * line end. */
    size_t (*fields)(const unsigned char *data, size_t size, size_t pos,
                     struct kernels_output *output, struct kernels_fields *fields);
    /* Runs of A-Z a-z. */
    size_t (*letters)(const unsigned char *data, size_t size, size_t pos,
                      struct kernels_output *output);
    /* The positions of the bytes equal to a or b. `max` counts positions here, and is at least
     * 2 * KERNELS_MIN. */
    size_t (*marks)(const unsigned char *data, size_t size, size_t pos,
                    struct kernels_output *output, unsigned char a, unsigned char b);
    /* As `marks`, the positions of delimiters and ends that are not in quotes. */
    size_t (*records)(const unsigned char *data, size_t size, size_t pos,
                      struct kernels_output *output, struct kernels_records *records);
    /* The position behind the last end that is not in quotes, 0 where there is none; goes on to
     * `size`, writes nothing, and reads nothing past that. */
    size_t (*records_last)(const unsigned char *data, size_t size, struct kernels_records *records);
    /* The UAX #29 words of ASCII text that hold a letter or a digit. `pos` is a segment boundary.
     * Ends also at a byte above 0x7f: the position returned is then a segment boundary, whatever
     * that byte begins, before which every word was written, and behind which none was. It is that
     * byte itself only where the character before is a line end or `pos` has been reached. */
    size_t (*words)(const unsigned char *data, size_t size, size_t pos, uint32_t *positions,
                    size_t max, size_t *count, unsigned char *folded);
    /* Which bytes of data[0, size), with the two behind each, are in a set, a bit a byte: masks has
     * an element for each block begun. The two bytes behind the text are looked at. Returns all
     * masks together. */
    uint64_t (*members)(const unsigned char *data, size_t size, const struct kernels_set *set,
                        uint64_t *masks);
    /* The first place below `places` where the pair stands, or `places`, which is a multiple of
     * KERNELS_BLOCK. Reads nothing past the pair of the last place. */
    size_t (*pair)(const unsigned char *data, size_t places, const struct kernels_pair *pair);
};

/* Chooses the kernels: the best this CPU has for NULL, else those of the given name ("avx512",
 * "avx2", "sse4.2", "neon" or "scalar"). Returns 0, or -1 for a name that is unknown or not
 * available here. To be called once, before any thread. */
int kernels_select(const char *forced);
/* The name of those in use. */
const char *kernels_name(void);

/* The kernels in use. */
extern struct kernels kernels_selected;

extern const struct kernels kernels_scalar;
#if defined(__x86_64__)
extern const struct kernels kernels_sse42;
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;
#elif defined(__aarch64__)
extern const struct kernels kernels_neon;
#endif

/* The i-th of the kernels that can run on this CPU, best first; NULL past the last. */
const struct kernels *kernels_available(size_t i);

#endif
