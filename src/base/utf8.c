/* SPDX-License-Identifier: MIT
 *
 * utf8 - see utf8.h.
 */
#include "base/utf8.h"

#include <string.h>

size_t utf8_valid_size(const unsigned char *data, size_t size)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    uint64_t word;
    uint32_t code;

    for (size_t i = 0; i < size;) {
        if (size - i >= sizeof word) {
            memcpy(&word, data + i, sizeof word);
            if ((word & high) == 0) {
                i += sizeof word;
                continue;
            }
        }
        size_t length = utf8_decode(data + i, size - i, &code);
        if (length == 0)
            return i;
        i += length;
    }
    return size;
}

uint64_t utf8_count_invalid(const unsigned char *data, size_t size)
{
    uint64_t invalid = 0;

    for (size_t i = utf8_valid_size(data, size); i < size;) {
        invalid++;
        i++;
        i += utf8_valid_size(data + i, size - i);
    }
    return invalid;
}

bool utf8_begins(const unsigned char *data, size_t size, size_t p)
{
    uint32_t code;

    if ((data[p] & 0xC0) != 0x80)
        return true;
    for (size_t back = 1; back < UTF8_MOST; back++) {
        if (back > p)
            return false;
        const unsigned char *lead = data + p - back;
        if ((*lead & 0xC0) == 0x80)
            continue;
        size_t left = size - (p - back), length = utf8_decode(lead, left, &code);
        return length > 0 ? length <= back : !utf8_unfinished(lead, left);
    }
    return true; /* no character has so many bytes behind its first */
}
