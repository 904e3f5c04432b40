/* SPDX-License-Identifier: MIT
 *
 * key - masks by which keys are loaded (see key.h).
 */
#include "engine/core/key.h"

const unsigned char key_masks[64] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define W1_MASK(size)                                                                              \
    {                                                                                              \
        ~(UINT64_MAX << (8 * (size))), UINT64_C(1) * ((size) + 1) << 56                            \
    }
#else
#define W1_MASK(size)                                                                              \
    {                                                                                              \
        (size) == 0 ? 0 : ~(UINT64_MAX >> (8 * (size))), (size) + 1                                \
    }
#endif
const uint64_t key_w1_masks[KEY_W1_MOST + 1][2] = {W1_MASK(0), W1_MASK(1), W1_MASK(2), W1_MASK(3),
                                                   W1_MASK(4), W1_MASK(5), W1_MASK(6), W1_MASK(7)};
