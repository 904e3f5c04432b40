/* SPDX-License-Identifier: MIT
 *
 * excerpt - see excerpt.h.
 */
#include "base/excerpt.h"

#include <string.h>

#include "base/utf8.h"

void excerpt_cut(const void *bytes, size_t size, size_t most, char *out)
{
    const unsigned char *p = bytes, *end = p + size;
    size_t left = most;

    while (p < end) {
        uint32_t code;
        size_t length = utf8_decode(p, (size_t)(end - p), &code);
        if ((length > 0 ? length : 1) > left)
            break;
        left -= length > 0 ? length : 1;
        if (length > 1 || (length == 1 && *p >= 0x20 && *p != 0x7F)) {
            memcpy(out, p, length);
            out += length;
            p += length;
            continue;
        }
        *out++ = '\\';
        *out++ = (char)('0' + (*p >> 6));
        *out++ = (char)('0' + (*p >> 3 & 7));
        *out++ = (char)('0' + (*p++ & 7));
    }
    strcpy(out, p < end ? "..." : "");
}

void excerpt_write(const void *bytes, size_t size, char out[EXCERPT_ROOM])
{
    excerpt_cut(bytes, size, EXCERPT_BYTES, out);
}
