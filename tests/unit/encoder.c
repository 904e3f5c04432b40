/* SPDX-License-Identifier: MIT
 *
 * encoder - makes compressed data (see encoder.h).
 */
#include "unit/encoder.h"

#include <check.h>
#include <string.h>

void encoder_put(struct encoded *to, const void *bytes, size_t size)
{
    ck_assert_uint_le(size, sizeof to->bytes - to->size);
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

/* Little-endian, of so many bytes. */
static void encoder_put_number(struct encoded *to, uint64_t number, unsigned bytes)
{
    for (; bytes > 0; bytes--, number >>= 8) {
        const unsigned char byte = (unsigned char)number;
        encoder_put(to, &byte, 1);
    }
}

/* CRC-32 of gzip and xz. */
static uint32_t encoder_crc(const void *text, size_t size)
{
    const unsigned char *bytes = text;
    uint32_t crc = ~(uint32_t)0;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    }
    return ~crc;
}

void encoder_put_skippable(struct encoded *to, uint32_t size)
{
    encoder_put_number(to, 0x184d2a53, 4);
    encoder_put_number(to, size, 4);
    for (uint32_t i = 0; i < size; i++)
        encoder_put_number(to, 'x', 1);
}

/* A last block of deflate, stored, and what comes behind it. */
static void encoder_put_stored(struct encoded *to, const void *text, size_t size)
{
    encoder_put_number(to, 1, 1);
    encoder_put_number(to, size, 2);
    encoder_put_number(to, size ^ 0xffff, 2);
    encoder_put(to, text, size);
    encoder_put_number(to, encoder_crc(text, size), 4);
    encoder_put_number(to, size, 4);
}

static void encoder_put_gzip(struct encoded *to, const void *text, size_t size)
{
    encoder_put(to, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    encoder_put_stored(to, text, size);
}

static void encoder_put_bgzf(struct encoded *to, const void *text, size_t size)
{
    encoder_put(to, "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16);
    encoder_put_number(to, 16 + 2 + 5 + size + 8 - 1, 2);
    encoder_put_stored(to, text, size);
}

static void encoder_put_zstd(struct encoded *to, const void *text, size_t size)
{
    encoder_put(to, "\x28\xb5\x2f\xfd\x20", 5);
    encoder_put_number(to, size, 1);
    encoder_put_number(to, size << 3 | 1, 3);
    encoder_put(to, text, size);
}

/* Of a size that is not said, in a window of 1 KiB. */
static void encoder_put_zstd_of_any_size(struct encoded *to, const void *text, size_t size)
{
    encoder_put(to, "\x28\xb5\x2f\xfd\0\0", 6);
    encoder_put_number(to, size << 3 | 1, 3);
    encoder_put(to, text, size);
}

static void encoder_put_lz4(struct encoded *to, const void *text, size_t size)
{
    encoder_put(to, "\x04\x22\x4d\x18\x60\x40\x82", 7);
    if (size > 0) {
        encoder_put_number(to, size | (uint32_t)1 << 31, 4);
        encoder_put(to, text, size);
    }
    encoder_put_number(to, 0, 4);
}

/* A block of lz4 that is all literals, in the frame of before 2014. */
static void encoder_put_old_lz4(struct encoded *to, const void *text, size_t size)
{
    encoder_put(to, "\x02\x21\x4c\x18", 4);
    encoder_put_number(to, size < 15 ? 1 + size : 2 + size, 4);
    encoder_put_number(to, size < 15 ? size << 4 : 0xf0, 1);
    if (size >= 15)
        encoder_put_number(to, size - 15, 1);
    encoder_put(to, text, size);
}

/* Numbers in an index of xz, 7 bits a byte. */
static void encoder_put_bits(struct encoded *to, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        encoder_put_number(to, 0x80 | (number & 0x7f), 1);
    encoder_put_number(to, number, 1);
}

static void encoder_pad(struct encoded *to, size_t begin)
{
    while ((to->size - begin) % 4 != 0)
        encoder_put_number(to, 0, 1);
}

static void encoder_put_crc_from(struct encoded *to, size_t begin)
{
    encoder_put_number(to, encoder_crc(to->bytes + begin, to->size - begin), 4);
}

/* A block of a chunk of LZMA2 that is stored, with CRC-32. Returns its size without the padding. */
static size_t encoder_put_xz_block(struct encoded *to, const unsigned char *text, size_t size)
{
    const size_t begin = to->size;

    encoder_put(to, "\x02\0\x21\x01\0\0\0\0", 8);
    encoder_put_crc_from(to, begin);
    encoder_put_number(to, 1, 1);
    encoder_put_number(to, (size - 1) >> 8, 1);
    encoder_put_number(to, size - 1, 1);
    encoder_put(to, text, size);
    encoder_put_number(to, 0, 1);
    const size_t unpadded = to->size - begin + 4;
    encoder_pad(to, begin);
    encoder_put_number(to, encoder_crc(text, size), 4);
    return unpadded;
}

void encoder_put_xz(struct encoded *to, const void *text, size_t size, size_t most)
{
    const unsigned char *bytes = text;
    struct encoded index = {.size = 0};
    size_t count = 0;

    encoder_put(to,
                "\xfd"
                "7zXZ\0\0\x01",
                8);
    encoder_put_crc_from(to, to->size - 2);
    for (; size > 0; count++) {
        const size_t part = size < most ? size : most;
        encoder_put_bits(&index, encoder_put_xz_block(to, bytes, part));
        encoder_put_bits(&index, part);
        bytes += part;
        size -= part;
    }
    const size_t begin = to->size;
    encoder_put_number(to, 0, 1);
    encoder_put_bits(to, count);
    encoder_put(to, index.bytes, index.size);
    encoder_pad(to, begin);
    encoder_put_crc_from(to, begin);
    const size_t words = (to->size - begin) / 4 - 1, footer = to->size;
    encoder_put_number(to, 0, 4);
    encoder_put_number(to, words, 4);
    encoder_put(to, "\0\x01", 2);
    const uint32_t crc = encoder_crc(to->bytes + footer + 4, 6);
    to->size = footer;
    encoder_put_number(to, crc, 4);
    to->size = footer + 10;
    encoder_put(to, "YZ", 2);
}

static void encoder_put_xz_stream(struct encoded *to, const void *text, size_t size)
{
    encoder_put_xz(to, text, size, size);
}

/* In blocks of 3 bytes. */
static void encoder_put_xz_blocks(struct encoded *to, const void *text, size_t size)
{
    encoder_put_xz(to, text, size, 3);
}

/* As bzip2 has made them. */
static void encoder_put_bzip2(struct encoded *to, const void *text, size_t size)
{
    static const char first[] =
        "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x6d\x0e\x9b\xc4\x00\x00\x04\xd1\x80\x00\x10\x40"
        "\x00\x02\x41\x94\x80\x20\x00\x31\x06\x4c\x41\x0d\x18\x9a\x62\x14\x9f\x18\xe0\x8b\xc5\xdc"
        "\x91\x4e\x14\x24\x1b\x43\xa6\xf1\x00";
    static const char second[] =
        "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x04\xff\xd1\x60\x00\x00\x03\xd1\x80\x80\x10\x40"
        "\x00\x20\x24\x84\x80\x00\x00\xa0\x00\x31\x06\x4c\x41\x00\xd3\x6a\x21\xae\x18\x8f\x17\x72"
        "\x45\x38\x50\x90\x04\xff\xd1\x60";
    static const char empty[] = "\x42\x5a\x68\x39\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00";

    if (size == 0) {
        encoder_put(to, empty, sizeof empty - 1);
    } else if (memcmp(text, ENCODER_FIRST, size) == 0) {
        encoder_put(to, first, sizeof first - 1);
    } else {
        ck_assert_int_eq(memcmp(text, ENCODER_SECOND, size), 0);
        encoder_put(to, second, sizeof second - 1);
    }
}

const struct encoder encoders[] = {
    {.form = "gzip",
     .name = "gzip",
     .beginning = 2,
     .any = true,
     .zeros = ENCODER_FINE,
     .encode = encoder_put_gzip},
    {.form = "BGZF",
     .name = "gzip",
     .beginning = 2,
     .any = true,
     .divides = true,
     .zeros = ENCODER_FINE,
     .encode = encoder_put_bgzf},
    {.form = "zstd",
     .name = "zstd",
     .beginning = 4,
     .any = true,
     .divides = true,
     .skippable = true,
     .holds = true,
     .zeros = ENCODER_FAULT,
     .encode = encoder_put_zstd},
    {.form = "zstd of any size",
     .name = "zstd",
     .beginning = 4,
     .any = true,
     .divides = true,
     .skippable = true,
     .holds = true,
     .zeros = ENCODER_FAULT,
     .encode = encoder_put_zstd_of_any_size},
    {.form = "xz",
     .name = "xz",
     .beginning = 6,
     .any = true,
     .divides = true,
     .holds = true,
     .zeros = ENCODER_FINE,
     .encode = encoder_put_xz_stream},
    {.form = "xz in blocks",
     .name = "xz",
     .beginning = 6,
     .any = true,
     .divides = true,
     .holds = true,
     .zeros = ENCODER_FINE,
     .encode = encoder_put_xz_blocks},
    {.form = "bzip2",
     .name = "bzip2",
     .beginning = 10,
     .holds = true,
     .zeros = ENCODER_NOTE,
     .encode = encoder_put_bzip2},
    {.form = "lz4",
     .name = "lz4",
     .beginning = 4,
     .any = true,
     .skippable = true,
     .holds = true,
     .zeros = ENCODER_FAULT,
     .encode = encoder_put_lz4},
    {.form = "lz4 of before 2014",
     .name = "lz4",
     .beginning = 4,
     .any = true,
     .endless = true,
     .holds = true,
     .zeros = ENCODER_FAULT,
     .encode = encoder_put_old_lz4},
};
const size_t encoders_count = sizeof encoders / sizeof *encoders;
