/* SPDX-License-Identifier: MIT
 *
 * words_icu - the word segmenter against ICU's word BreakIterator, one thread each, on generated
 * Russian and Greek text held in memory. Needs ICU (pkg-config icu-uc); ICU gets the text as UTF-8
 * through UText, and finds boundaries only. Prints MB/s of both and the ratio.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unicode/ubrk.h>
#include <unicode/utext.h>

#include "base/kernels/kernels.h"
#include "text/words.h"

#define MEGABYTE 1000000u
#define OURS (32 * MEGABYTE)
#define THEIRS (2 * MEGABYTE)

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Words of letters from `first` on, of the lengths and with the marks that prose has. */
static void generate(unsigned char *text, size_t size, unsigned first, unsigned letters)
{
    uint32_t state = 12345;
    size_t i = 0;

    while (i + 64 < size) {
        state = state * 1664525 + 1013904223;
        unsigned length = 1 + (state >> 24) % 5 + (state >> 16) % 7;
        for (unsigned n = 0; n < length; n++) {
            state = state * 1664525 + 1013904223;
            unsigned code = first + (state >> 16) % letters;
            text[i++] = (unsigned char)(0xC0 | code >> 6);
            text[i++] = (unsigned char)(0x80 | (code & 0x3F));
        }
        unsigned mark = state >> 8 & 0x3F;
        if (mark < 6)
            text[i++] = (unsigned char)",.,-;:"[mark];
        text[i++] = mark == 7 ? '\n' : ' ';
    }
    memset(text + i, '\n', size - i);
}

static double run_ours(struct words *words, const unsigned char *text, size_t *count)
{
    struct words_batch batch;
    double start = now();
    int got;

    *count = 0;
    words_begin(words, text, OURS);
    while ((got = words_next(words, &batch)) > 0)
        *count += batch.count + (batch.giant > 0);
    if (got < 0) {
        fputs("words_icu: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return OURS / 1e6 / (now() - start);
}

static double run_icu(const unsigned char *text, size_t *count)
{
    UErrorCode status = U_ZERO_ERROR;
    UBreakIterator *breaks = ubrk_open(UBRK_WORD, "en", NULL, 0, &status);
    UText *utext = utext_openUTF8(NULL, (const char *)text, THEIRS, &status);

    if (U_SUCCESS(status))
        ubrk_setUText(breaks, utext, &status);
    if (U_FAILURE(status)) {
        fprintf(stderr, "words_icu: %s\n", u_errorName(status));
        exit(EXIT_FAILURE);
    }
    double start = now();
    *count = 0;
    while (ubrk_next(breaks) != UBRK_DONE)
        *count += ubrk_getRuleStatus(breaks) >= UBRK_WORD_NONE_LIMIT;
    double rate = THEIRS / 1e6 / (now() - start);
    ubrk_close(breaks);
    utext_close(utext);
    return rate;
}

int main(void)
{
    static const struct {
        const char *name;
        unsigned first, letters;
    } scripts[] = {{"Russian", 0x430, 32}, {"Greek", 0x3B1, 25}};
    unsigned char *text = calloc(1, OURS + MR_PAD);
    struct words *words = malloc(sizeof *words);

    if (text == NULL || words == NULL) {
        fputs("words_icu: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        double best[2] = {0, 0}, icu = 0;
        size_t count[2], icu_count;
        generate(text, OURS, scripts[i].first, scripts[i].letters);
        for (int round = 0; round < 3; round++) {
            for (int fold = 0; fold < 2; fold++) {
                words_open(words, (struct words_kernel){kernels_available(0)->words}, fold);
                double rate = run_ours(words, text, &count[fold]);
                best[fold] = rate > best[fold] ? rate : best[fold];
                words_close(words);
            }
            double rate = run_icu(text, &icu_count);
            icu = rate > icu ? rate : icu;
        }
        printf("%-8s mrcount %7.1f MB/s, with folding %7.1f MB/s, ICU %6.1f MB/s: %.1f times\n",
               scripts[i].name, best[0], best[1], icu, best[0] / icu);
    }
    free(words);
    free(text);
    return EXIT_SUCCESS;
}
