/* SPDX-License-Identifier: MIT
 *
 * tokenizer_stats - what the mappers of a tokenizer have counted.
 */
#ifndef TEXT_TOKENIZER_STATS_H
#define TEXT_TOKENIZER_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/total.h"

struct tokenizer_stats {
    struct total tokens;    /* pairs emitted; of a kind with values the sum of these */
    uint64_t invalid_bytes; /* bytes that are part of no well-formed UTF-8 character; counted by
                             * kinds that decode, else only with count_invalid */
    bool stop_words_met;    /* a key or a token was on the list */
};

#endif
