/* SPDX-License-Identifier: MIT
 *
 * bytes - an array of bytes that grows. All zero it is empty; who has it frees `data`.
 */
#ifndef CLI_BYTES_H
#define CLI_BYTES_H

#include <stddef.h>

struct bytes {
    unsigned char *data;
    size_t size, room; /* of it, used and there */
};

/* Room for `more` bytes behind those that are used; NULL, and errno is ENOMEM, when memory is out.
 * What was there is kept, but may have moved. */
unsigned char *bytes_reserve(struct bytes *bytes, size_t more);

#endif
