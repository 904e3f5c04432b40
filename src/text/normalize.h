/* SPDX-License-Identifier: MIT
 *
 * normalize - keys in one of Unicode's normalization forms (UAX #15). Bytes that are no part of
 * valid UTF-8 pass unchanged, and nothing joins across them.
 *
 * Where keys are case-folded as well, they come here folded: by case_fold_ordered for the forms C
 * and KC, by case_fold_bytes for NFKC_Casefold, which folds case itself; so that what is left to do
 * is little, and folding keeps its speed.
 */
#ifndef TEXT_NORMALIZE_H
#define TEXT_NORMALIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/case_fold.h"
#include "text/normalize_form.h"
#include "text/room.h"

/* Bytes that normalize_find looks at in one go. */
#define NORMALIZE_WINDOW ((size_t)1 << 15)

/* One a thread. */
struct normalize {
    enum normalize_form form;
    bool case_fold;  /* keys are folded, and are to be in the end */
    uint32_t *marks; /* the combining characters at hand, each below its class */
    size_t count, marks_room;
    uint32_t starter; /* what they stand behind */
    bool started;
    struct room folded;
    /* Of a window, a bit a byte: what begins there may not pass. */
    uint64_t found[NORMALIZE_WINDOW / 64];
};

/* Allocates nothing yet. */
void normalize_open(struct normalize *normalize, enum normalize_form form, bool case_fold);
void normalize_close(struct normalize *normalize);

/* How keys are to be folded before they are brought to a form. */
case_fold_function *normalize_fold(enum normalize_form form);

/* Whether the key is surely in the form. Nothing is read behind it. */
bool normalize_passes(const struct normalize *normalize, const unsigned char *key, size_t size);
/* Sets `found` for a window, NORMALIZE_WINDOW bytes at most. Returns whether there is any. 64 bytes
 * are read behind it. */
bool normalize_find(struct normalize *normalize, const unsigned char *window, size_t size);
/* Whether any was found in [begin, end) of the window. */
static inline bool normalize_found(const struct normalize *normalize, size_t begin, size_t end);

/* Writes the key, in the form, to `out` at *used, and moves that behind it. `out` grows. Returns 0,
 * or -1 when memory is out. */
int normalize_key(struct normalize *normalize, const unsigned char *key, size_t size,
                  struct room *out, size_t *used);

static inline bool normalize_found(const struct normalize *normalize, size_t begin, size_t end)
{
    for (size_t i = begin / 64; 64 * i < end; i++) {
        uint64_t bits = normalize->found[i];
        if (64 * i < begin)
            bits &= UINT64_MAX << (begin % 64);
        if (end - 64 * i < 64)
            bits &= (UINT64_C(1) << (end - 64 * i)) - 1;
        if (bits != 0)
            return true;
    }
    return false;
}

#endif
