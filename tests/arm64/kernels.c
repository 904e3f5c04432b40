/* SPDX-License-Identifier: MIT
 *
 * kernels - the harness of tests/fuzz/fuzz_kernels.c where there is no fuzzer: every kernel against
 * the scalar one, on pseudo-random bytes of kinds that tokens are made of. kernels INPUTS; it says
 * which kernels there were.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/kernels/kernels.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define MOST 700 /* more than ten blocks of a kernel */

/* xorshift64 (Marsaglia): the same everywhere. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

int main(int argc, char **argv)
{
    /* Any byte, letters and blanks, what divides words in the middle, and more of it alone,
     * quotes. */
    static const char *const alphabets[] = {
        "", "ab YZ\n", "aB1._':,\t \n", " \t\n\v\f\r", "ax\xc3\xa4 ", "\"\",,\n\na"};
    unsigned long inputs = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    uint64_t state = 88172645463325252u;
    unsigned char data[MOST];

    for (unsigned long i = 0; i < inputs; i++) {
        const char *alphabet = alphabets[i % (sizeof alphabets / sizeof *alphabets)];
        size_t letters = strlen(alphabet);
        size_t size = next(&state) % (MOST + 1);
        for (size_t j = 0; j < size; j++) {
            uint64_t number = next(&state) >> 11;
            data[j] =
                letters == 0 ? (unsigned char)number : (unsigned char)alphabet[number % letters];
        }
        LLVMFuzzerTestOneInput(data, size);
    }
    for (size_t i = 0; kernels_available(i) != NULL; i++)
        printf("%s ", kernels_available(i)->name);
    printf("agree on %lu inputs\n", inputs);
    return EXIT_SUCCESS;
}
