/* SPDX-License-Identifier: MIT
 *
 * fake_decoder - for tests of FILEs that are decoded: a code that is easy to make, of which pieces
 * can be taken and decoded side by side, or in order, and that breaks off where it is told to.
 */
#ifndef TESTS_FAKE_DECODER_H
#define TESTS_FAKE_DECODER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"

/* How FILEs begin: what else is plain. */
#define FAKE_DIVIDED "!D"  /* pieces are decoded side by side */
#define FAKE_IN_ORDER "!O" /* take gives text */
#define FAKE_REFUSED "!R"  /* open says that it cannot be read */
#define FAKE_FAILED "!F"   /* open fails the job */
#define FAKE_MARK "!M"     /* bytes are text, but for these two */

/* The decoder, what it counts, and what it is to do. */
struct fake_decoder {
    struct mr_decoder decoder; /* give this to the files */
    _Atomic unsigned opened, closed, told;
    _Atomic unsigned inside, most_inside; /* calls of decode at once */
    uint64_t hold;                        /* that a decoding holds; 0: nothing */
    _Atomic unsigned refused;             /* and was not allowed to */
    /* Where not NULL it is called by decode, and by take where that gives text. */
    void (*meet)(void *context);
    void *meet_context;
};

/* Sets it up; with `divides` false there is no decode at all. */
void fake_decoder_open(struct fake_decoder *fake, bool divides);

/* A FILE in the making. */
struct fake_file {
    unsigned char *data;
    size_t size, room;
};

void fake_file_open(struct fake_file *file, const char *mark);
void fake_file_close(struct fake_file *file);
/* Adds a block of text, of `size` bytes up to 65535, `times` times over. */
void fake_file_add(struct fake_file *file, const void *text, size_t size, uint32_t times);
/* Adds all of a text, in blocks of up to `most` bytes. */
void fake_file_add_all(struct fake_file *file, const void *text, size_t size, size_t most);
/* Adds what breaks the FILE off: when it is taken, or when it is decoded. */
void fake_file_break(struct fake_file *file, bool taking);
/* Adds what fails the job when it is taken, or decoded. */
void fake_file_fail(struct fake_file *file, bool taking);

#endif
