/* SPDX-License-Identifier: MIT
 *
 * encoder - makes compressed data of small texts, in every format that the decoder knows: without a
 * library, by blocks that are stored as they are.
 */
#ifndef TESTS_ENCODER_H
#define TESTS_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The texts that bzip2, which cannot store, has been made of; all other formats take any. */
#define ENCODER_FIRST "one two\nthree\n"
#define ENCODER_SECOND "two\n\xff tail"

/* What has been made so far. */
struct encoded {
    unsigned char bytes[1 << 19];
    size_t size;
};

/* What the decoder makes of something behind the data. */
enum encoder_behind { ENCODER_FINE, ENCODER_NOTE, ENCODER_FAULT };

struct encoder {
    const char *form;
    const char *name; /* of the format, as the decoder tells it */
    size_t beginning; /* bytes that tell the format */
    bool any;         /* takes any text of up to 200 bytes */
    bool divides;     /* a regular FILE of several members is decoded in parts */
    bool skippable;   /* knows of frames to be left out */
    bool endless;     /* members end where another begins, or the FILE does */
    bool holds;       /* a pipe of it takes memory */
    enum encoder_behind zeros;
    /* Appends a member (or a frame, or a stream) with that text. */
    void (*encode)(struct encoded *to, const void *text, size_t size);
};

extern const struct encoder encoders[];
extern const size_t encoders_count;

void encoder_put(struct encoded *to, const void *bytes, size_t size);
/* Appends `size` bytes to be left out. */
void encoder_put_skippable(struct encoded *to, uint32_t size);
/* Appends a stream of xz with a block for each `most` bytes of the text. */
void encoder_put_xz(struct encoded *to, const void *text, size_t size, size_t most);

#endif
