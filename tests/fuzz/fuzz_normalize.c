/* SPDX-License-Identifier: MIT
 *
 * fuzz_normalize - normalization of any bytes against the slow reference, by every kernel.
 *
 * The first byte chooses the form, the rest is the key.
 */
#include <stdlib.h>
#include <string.h>

#include "base/kernels/kernels.h"
#include "engine/mapreduce.h"
#include "text/normalize.h"
#include "unit/normal_reference.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const struct kernels *kernels;

    if (size == 0)
        return 0;
    const enum normalize_form form = NORMALIZE_NFC + data[0] % 3;
    size--;
    /* With just the padding that may be read. */
    unsigned char *key = malloc(size + MR_PAD);
    unsigned char *folded = malloc(CASE_FOLD_ROOM(size) + MR_PAD);
    if (!key || !folded)
        abort();
    memcpy(key, data + 1, size);
    memset(key + size, data[0], MR_PAD);
    if (form == NORMALIZE_NFKC_CASEFOLD) {
        const size_t got = case_fold_bytes(key, size, folded);
        free(key);
        key = malloc(got + MR_PAD);
        if (!key)
            abort();
        memcpy(key, folded, got);
        memset(key + got, data[0], MR_PAD);
        size = got;
    }
    for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
        if (kernels_select(kernels->name) != 0 || normal_reference_differs(form, key, size))
            abort();
    }
    /* What is equivalent stays so when it is folded. */
    if (form != NORMALIZE_NFKC_CASEFOLD) {
        size_t first_size, second_size, normal_size;
        unsigned char *normal = normal_reference(NORMALIZE_NFC, key, size, &normal_size);
        unsigned char *other = malloc(CASE_FOLD_ROOM(normal_size));
        if (!other)
            abort();
        size_t a = case_fold_ordered(key, size, folded);
        size_t b = case_fold_ordered(normal, normal_size, other);
        unsigned char *first = normal_reference(NORMALIZE_NFC, folded, a, &first_size);
        unsigned char *second = normal_reference(NORMALIZE_NFC, other, b, &second_size);
        if (first_size != second_size || memcmp(first, second, first_size) != 0)
            abort();
        free(first);
        free(second);
        free(other);
        free(normal);
    }
    free(key);
    free(folded);
    return 0;
}
