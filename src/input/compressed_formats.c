/* SPDX-License-Identifier: MIT
 *
 * compressed_formats - the formats there are, and how FILEs in them begin (see compressed.h). By
 * their content, never by their names.
 *
 * Streams of zlib are not among them: their two bytes are "x^" as pigz writes them, and so begins
 * text ("x^2+y^2"). What follows would have to tell them apart, and cannot where it is short or cut
 * off.
 */
#include <string.h>

#include "input/compressed.h"

const struct compressed_format *const compressed_formats[COMPRESSED_FORMATS] = {
    &gzip_format, &zstd_format, &xz_format, &bzip2_format, &lz4_format,
};

/* How a FILE begins. No text does: each has a byte that is no UTF-8 or a control character, or says
 * as much as "BZh91AY&SY". */
struct compressed_magic {
    const struct compressed_format *format;
    const char *bytes;
    size_t size;
};

static const struct compressed_magic compressed_magics[] = {
    {&gzip_format, "\x1f\x8b", 2},
    {&zstd_format, "\x28\xb5\x2f\xfd", 4},
    {&xz_format,
     "\xfd"
     "7zXZ\0",
     6},
    {&lz4_format, "\x04\x22\x4d\x18", 4},
    {&lz4_format, "\x02\x21\x4c\x18", 4}, /* of before 2014 */
};

/* bzip2's: the size of its blocks, then the first block or, of nothing, the end. */
static bool compressed_is_bzip2(const unsigned char *head, size_t size)
{
    return size >= 10 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9' &&
           (memcmp(head + 4, "1AY&SY", 6) == 0 ||
            memcmp(head + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

/* Frames that zstd and lz4 both leave out: a number of 16, and the size of what follows. */
static bool compressed_is_skippable(const unsigned char *head, size_t size)
{
    return size >= 8 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0;
}

static const struct compressed_format *compressed_by_magic(const unsigned char *head, size_t size)
{
    for (size_t i = 0; i < sizeof compressed_magics / sizeof *compressed_magics; i++)
        if (size >= compressed_magics[i].size &&
            memcmp(head, compressed_magics[i].bytes, compressed_magics[i].size) == 0)
            return compressed_magics[i].format;
    return compressed_is_bzip2(head, size) ? &bzip2_format : NULL;
}

const struct compressed_format *compressed_format_of(const unsigned char *head, size_t size)
{
    const struct compressed_format *found = compressed_by_magic(head, size);

    if (found != NULL || !compressed_is_skippable(head, size))
        return found;
    while (compressed_is_skippable(head, size)) {
        const uint64_t skipped = (uint64_t)compressed_32(head + 4) + 8;
        if (skipped >= size)
            return &zstd_format; /* which has more use for them */
        head += skipped;
        size -= (size_t)skipped;
    }
    return compressed_by_magic(head, size) == &lz4_format ? &lz4_format : &zstd_format;
}
