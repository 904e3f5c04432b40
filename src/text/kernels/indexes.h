/* SPDX-License-Identifier: MIT
 *
 * indexes - the numbers of the bits set in each byte, for kernels that have no compress
 * instruction: byte j of text_kernel_indexes[b] is the j-th of them.
 */
#ifndef TEXT_KERNELS_INDEXES_H
#define TEXT_KERNELS_INDEXES_H

#include <stdint.h>

extern const uint64_t text_kernel_indexes[256];

#endif
