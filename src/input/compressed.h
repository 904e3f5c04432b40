/* SPDX-License-Identifier: MIT
 *
 * compressed - FILEs that are compressed: what a format is, and what all have in common.
 *
 * A format is one const object in a file of its own. Most are streams, of which one thread at a
 * time makes text piece by piece (compressed_stream). Where a FILE divides into parts that do not
 * need each other, `take` gives them out as they are and `decode` makes text of them, on many
 * threads. Private to input/.
 */
#ifndef INPUT_COMPRESSED_H
#define INPUT_COMPRESSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"
#include "engine/mapreduce.h"
#include "input/source.h"

/* The first thing that is wrong in a FILE. */
struct compressed_fault {
    bool found;
    uint64_t offset; /* in the FILE */
    char text[192];  /* behind the FILE's name */
};

struct compressed_format;

/* What all FILEs share. */
struct compressed_options {
    uint64_t window; /* memory that one FILE may take to be decompressed */
    uint64_t part;   /* and that a part of one may take which is decoded by itself, with its text */
    void (*tell)(void *context, const char *name, const char *text); /* of a fault */
    void (*note)(void *context, const char *name, const char *text); /* of less */
    void *context;
};

/* A FILE that is being decompressed. */
struct compressed {
    const struct compressed_options *options;
    const struct compressed_format *format;
    const char *name;     /* the FILE's */
    struct source source; /* of `take` */
    uint64_t taken;       /* bytes of the FILE in the pieces that are out */
    void *state;          /* the format's own */
    struct thread_mutex lock;
    struct compressed_fault fault; /* under the lock */
};

struct compressed_format {
    const char *name;
    const char *library; /* its file, */
    const char *package; /* the Debian package that has it */
    const char *source;  /* and the one to build with */
    bool built;          /* the program can decompress it; if not, what is below is NULL */
    /* Loads the library. Returns whether it is there. On one thread at a time. */
    bool (*load)(void);
    /* Makes the state. Returns 0, or -1 when memory is out. `encoded` has its head, and what
     * divides here says so in it. */
    int (*open)(struct compressed *file, struct mr_encoded *encoded);
    /* As those of struct mr_decoder. */
    int (*take)(struct compressed *file, struct mr_piece *piece, struct mr_error *error);
    int (*decode)(struct compressed *file, struct mr_piece *piece, struct mr_error *error);
    void (*close)(struct compressed *file);
};

extern const struct compressed_format gzip_format, zstd_format, xz_format, bzip2_format, lz4_format;

/* All formats, and how many. */
#define COMPRESSED_FORMATS 5
extern const struct compressed_format *const compressed_formats[COMPRESSED_FORMATS];

/* The format of which the bytes are the beginning, or NULL. By no more than MR_HEAD of them. */
const struct compressed_format *compressed_format_of(const unsigned char *head, size_t size);

/* Begins to decompress. Returns 0 with *file, or -1 when memory is out. */
int compressed_open(const struct compressed_options *options,
                    const struct compressed_format *format, struct mr_encoded *encoded,
                    struct compressed **file);
int compressed_take(struct compressed *file, struct mr_encoded *encoded, struct mr_piece *piece,
                    struct mr_error *error);
int compressed_decode(struct compressed *file, struct mr_piece *piece, struct mr_error *error);
/* Tells the fault if there was one: of parts that are decoded at the same time any may fail first,
 * and it is the one nearest to the beginning that is told. */
void compressed_close(struct compressed *file);

/* ---- For formats ---------------------------------------------------------------------------- */

/* Remembers what is wrong at that byte of the FILE: "FORMAT data is corrupt at byte N: REASON".
 * Returns -1. */
int compressed_corrupt(struct compressed *file, uint64_t offset, const char *reason);
/* The FILE ends there, within the data. Returns -1. */
int compressed_cut(struct compressed *file, uint64_t offset);
/* What else is wrong there. Returns -1. */
int compressed_fault(struct compressed *file, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Takes that much of the memory for the FILE, in place of what it has taken before. Returns whether
 * there is so much. To be called where `take` or `open` are. */
bool compressed_hold(struct compressed *file, uint64_t bytes);
/* Decompressing needs that much, which is more than `most`, what there is. Returns -1. */
int compressed_too_large(struct compressed *file, uint64_t offset, uint64_t bytes, uint64_t most);
/* The data ends there, and something follows that is not of the format and is left out. */
void compressed_garbage(struct compressed *file, uint64_t offset);
/* Fills *error. Returns -1. */
int compressed_no_memory(struct mr_error *error);

/* How a step of a stream ended. */
enum compressed_outcome {
    COMPRESSED_ON,     /* it goes on; with nothing used and nothing made, it needs more bytes */
    COMPRESSED_END,    /* all data has been decompressed */
    COMPRESSED_BROKEN, /* there is a fault, which has been remembered */
    COMPRESSED_NO_MEMORY,
};

/* One step of a stream: bytes and room, and what has been used of them. */
struct compressed_step {
    const unsigned char *in;
    size_t in_size, in_used;
    unsigned char *out;
    size_t out_size, out_used;
    bool last;       /* no bytes follow these */
    uint64_t offset; /* of the first in the FILE */
};

typedef enum compressed_outcome compressed_step(struct compressed *file,
                                                struct compressed_step *step);

/* A `take` that makes text by such steps. A stream that needs bytes where none follow is cut
 * off. */
int compressed_stream(struct compressed *file, struct mr_piece *piece, compressed_step *next,
                      struct mr_error *error);

/* Little-endian numbers. */
static inline uint32_t compressed_16(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static inline uint32_t compressed_32(const unsigned char *bytes)
{
    return compressed_16(bytes) | compressed_16(bytes + 2) << 16;
}

#endif
