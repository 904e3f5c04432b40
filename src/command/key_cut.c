/* SPDX-License-Identifier: MIT
 *
 * key_cut - records divided between keys; see key_cut.h.
 */
#include "command/key_cut.h"

#include <string.h>

/* A key K that the cut divides has a record at or before p, "K" or "K\t...", and "K\t..." at or
 * behind q. All that lies between these begins with K, so p and q do. Behind it q has a TAB or less
 * (it cannot end there, as it comes after p). So the cut divides no key, where no byte of q as far
 * as the first in which they differ, that one too, is a TAB or less; and where one is, the bytes
 * before it may be such a key. Behind q's first TAB, or behind p's, which is the same one, none
 * begins: it is found before. */
bool key_cut_between(const unsigned char *p, size_t p_size, const unsigned char *q, size_t q_size)
{
    for (size_t i = 0; i < q_size; i++) {
        if (q[i] <= '\t')
            return false;
        if (i >= p_size || p[i] != q[i])
            return true;
    }
    return true; /* not where p < q */
}

/* All from p to q = "K\t..." begin with K where p does, and have a TAB or less behind it, as they
 * come before q. */
bool key_cut_none(const unsigned char *p, size_t p_size, const unsigned char *q, size_t q_size)
{
    const size_t key = key_cut_key(q, q_size);
    return key < q_size && key <= p_size && memcmp(p, q, key) == 0;
}

size_t key_cut_key(const unsigned char *record, size_t size)
{
    const unsigned char *tab = size > 0 ? memchr(record, '\t', size) : NULL;
    return tab ? (size_t)(tab - record) : size;
}
