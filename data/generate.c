/* SPDX-License-Identifier: MIT
 *
 * generate.c - writes texts to count: `generate KIND COUNT KEYS SEED`, the same bytes on every
 * machine for the same arguments. KEYS is 0 where a kind has none.
 *
 *   zipf     COUNT words of running text with punctuation; KEYS words, the nth as frequent as 1/n
 *   uniform  COUNT words, drawn evenly from KEYS different words of 6 to 13 letters
 *   lines    COUNT lines, drawn from KEYS different ones, the first often and the last seldom;
 *            some empty, some in capitals, some ending in CR, the last one without a newline
 *   hard     COUNT pieces of text that are hard to divide into words, valid UTF-8 or not
 *   bytes    COUNT random bytes
 *   log      COUNT lines of a web server's log, from KEYS addresses
 *   values   COUNT lines of a word, drawn evenly from KEYS different ones of 6 to 13 letters, and a
 *            number below 100,000
 *   wide     the same, of numbers below 1,000,000
 *
 * Only integers are used: floating point differs between machines in the last bit.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Randomness ----------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* splitmix64 (Steele, Lea and Flood, 2014) */
static uint64_t random64(void)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(random_state);
}

/* From [0, n), evenly but for a bias too small to matter here. */
static uint64_t random_below(uint64_t n)
{
    return (uint64_t)(((unsigned __int128)random64() * n) >> 64);
}

/* ---- Output --------------------------------------------------------------------------------- */

static void put_bytes(const void *bytes, size_t size)
{
    if (fwrite_unlocked(bytes, 1, size, stdout) != size) {
        /* A reader that has seen enough is no mistake. */
        if (errno != EPIPE)
            perror("generate");
        exit(EXIT_FAILURE);
    }
}

static void put_text(const char *text)
{
    put_bytes(text, strlen(text));
}

/* Ends lines of 10 to 20 words: what to put after a word. */
static char word_end(uint64_t *left_in_line)
{
    if (--*left_in_line > 0)
        return ' ';
    *left_in_line = 10 + random_below(11);
    return '\n';
}

/* ---- Numbers by Zipf's law ------------------------------------------------------------------- */

/* An alias table (Walker, 1977): column i stands for itself below own[i], for other[i] above. */
struct zipf {
    uint64_t count;
    uint64_t total;
    uint64_t *own;
    uint32_t *other;
};

static void *allocate(uint64_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    if (!memory) {
        fputs("generate: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

static struct zipf zipf_open(uint64_t count)
{
    struct zipf zipf = {.count = count};
    zipf.own = allocate(count, sizeof *zipf.own);
    zipf.other = allocate(count, sizeof *zipf.other);
    /* Weights of 2^36/n, each then times the count, so that all columns hold `total`. */
    uint32_t *small = allocate(count, sizeof *small);
    uint32_t *large = allocate(count, sizeof *large);
    uint64_t smalls = 0, larges = 0;
    for (uint64_t i = 0; i < count; i++)
        zipf.total += (UINT64_C(1) << 36) / (i + 1);
    for (uint64_t i = 0; i < count; i++) {
        zipf.own[i] = (UINT64_C(1) << 36) / (i + 1) * count;
        zipf.other[i] = (uint32_t)i;
        if (zipf.own[i] < zipf.total)
            small[smalls++] = (uint32_t)i;
        else
            large[larges++] = (uint32_t)i;
    }
    while (smalls > 0 && larges > 0) {
        uint32_t low = small[--smalls];
        uint32_t high = large[larges - 1];
        zipf.other[low] = high;
        zipf.own[high] -= zipf.total - zipf.own[low];
        if (zipf.own[high] < zipf.total) {
            larges--;
            small[smalls++] = high;
        }
    }
    free(small);
    free(large);
    return zipf;
}

static uint64_t zipf_next(const struct zipf *zipf)
{
    uint64_t column = random_below(zipf->count);
    return random_below(zipf->total) < zipf->own[column] ? column : zipf->other[column];
}

static void zipf_close(struct zipf *zipf)
{
    free(zipf->own);
    free(zipf->other);
}

/* ---- Words ----------------------------------------------------------------------------------- */

#define WORD_MAX 24

static const char *const common_words[] = {
    "the",  "of",  "and",  "to",  "a",    "in", "that", "is",    "was", "he",
    "for",  "it",  "with", "as",  "his",  "on", "be",   "at",    "by",  "I",
    "this", "had", "not",  "are", "from", "or", "but",  "don't",
};
#define COMMON (sizeof common_words / sizeof *common_words)

/* The word of rank n: after the common ones come words of two syllables (none of the common words
 * is made like that), then of three, and so on. */
static size_t make_word(uint64_t n, char word[WORD_MAX])
{
    static const char consonants[] = "bcdfghklmnprstvw";
    static const char vowels[] = "aeiou";
    if (n < COMMON) {
        size_t length = strlen(common_words[n]);
        memcpy(word, common_words[n], length);
        return length;
    }
    n -= COMMON;
    size_t syllables = 2;
    for (uint64_t words = 80 * 80; n >= words; words *= 80) {
        n -= words;
        syllables++;
    }
    for (size_t i = 0; i < syllables; i++) {
        word[2 * i] = consonants[n % 80 / 5];
        word[2 * i + 1] = vowels[n % 5];
        n /= 80;
    }
    return 2 * syllables;
}

static void write_zipf(uint64_t count, uint64_t keys)
{
    struct zipf zipf = zipf_open(keys);
    char(*words)[WORD_MAX] = allocate(keys, sizeof *words);
    uint8_t *lengths = allocate(keys, 1);
    for (uint64_t i = 0; i < keys; i++)
        lengths[i] = (uint8_t)make_word(i, words[i]);
    uint64_t left_in_line = 15;
    bool begin = true;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t n = zipf_next(&zipf);
        char out[WORD_MAX + 4] = "";
        size_t length = lengths[n];
        memcpy(out, words[n], length);
        if (begin && out[0] >= 'a')
            out[0] = (char)(out[0] - 'a' + 'A');
        uint64_t luck = random_below(100);
        begin = luck < 8;
        if (luck < 8)
            out[length++] = luck == 0 ? '!' : luck == 1 ? '?' : '.';
        else if (luck < 16)
            out[length++] = luck == 8 ? ';' : ',';
        out[length++] = word_end(&left_in_line);
        put_bytes(out, length);
    }
    put_text("\n");
    free(lengths);
    free(words);
    zipf_close(&zipf);
}

#define SIX_LETTERS UINT64_C(308915776) /* 26^6 */

/* Word n of many: the first six letters are n, well shuffled, so that no two words are equal; up to
 * seven more make lengths from 6 to 13. */
static size_t make_even_word(uint64_t n, char word[WORD_MAX])
{
    /* Odd and no multiple of 13, so that no two n below 26^6 come to the same. */
    uint64_t x = (n * UINT64_C(179424673) + 86028121) % SIX_LETTERS;
    for (size_t i = 0; i < 6; i++) {
        word[i] = (char)('a' + x % 26);
        x /= 26;
    }
    uint64_t more = mix(n + 1);
    size_t length = 6 + (more & 7);
    more >>= 3;
    for (size_t i = 6; i < length; i++) {
        word[i] = (char)('a' + more % 26);
        more /= 26;
    }
    return length;
}

static void write_uniform(uint64_t count, uint64_t keys)
{
    uint64_t left_in_line = 15;
    for (uint64_t i = 0; i < count; i++) {
        char out[WORD_MAX];
        size_t length = make_even_word(random_below(keys), out);
        out[length++] = word_end(&left_in_line);
        put_bytes(out, length);
    }
    put_text("\n");
}

static void write_values(uint64_t count, uint64_t keys, uint64_t numbers)
{
    for (uint64_t i = 0; i < count; i++) {
        char out[WORD_MAX + 16];
        size_t length = make_even_word(random_below(keys), out);
        length += (size_t)snprintf(out + length, 16, " %" PRIu64 "\n", random_below(numbers));
        put_bytes(out, length);
    }
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static void write_lines(uint64_t count, uint64_t keys)
{
    struct zipf zipf = zipf_open(keys);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t n = zipf_next(&zipf);
        uint64_t words = n % 17 == 3 ? 0 : 1 + mix(n) % 12;
        bool capitals = random_below(10) == 0;
        char word[WORD_MAX];
        for (uint64_t j = 0; j < words; j++) {
            /* The last word is of the line's own number: lines differ. */
            size_t length = make_even_word(j + 1 == words ? n : mix(n + j) % 1000, word);
            for (size_t k = 0; k < length && capitals; k++)
                word[k] = (char)(word[k] - 'a' + 'A');
            put_bytes(word, length);
            if (j + 1 < words)
                put_text(n % 5 == 0 ? "\t" : " ");
        }
        if (n % 29 == 7)
            put_text("\r");
        if (i + 1 < count)
            put_text("\n");
    }
    zipf_close(&zipf);
}

/* ---- Hard text ------------------------------------------------------------------------------- */

/* A piece that may hold NUL, so with its length. */
struct piece {
    const char *bytes;
    size_t size;
};
#define PIECE(text)                                                                                \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }

static const struct piece pieces[] = {
    PIECE(" "),
    PIECE(" "),
    PIECE(" "),
    PIECE("\n"),
    PIECE("\r\n"),
    PIECE("\t"),
    PIECE("\v"),
    PIECE("\f"),
    PIECE("\0"),
    PIECE("the"),
    PIECE("can't"),
    PIECE("3.14"),
    PIECE("1,000,000"),
    PIECE("snake_case"),
    PIECE("a.b.c"),
    PIECE("..."),
    PIECE("'"),
    PIECE("\""),
    PIECE(":"),
    PIECE(";"),
    PIECE(","),
    PIECE("."),
    PIECE("_"),
    PIECE("A"),
    PIECE("0"),
    PIECE("x86"),
    PIECE("\302\240"),     /* a space that does not break */
    PIECE("\302\255"),     /* a soft hyphen */
    PIECE("\302\205"),     /* NEL */
    PIECE("\342\200\250"), /* a line separator */
    PIECE("\342\200\213"), /* a space of no width */
    PIECE("\342\200\215"), /* a joiner of no width */
    PIECE("\342\200\231"), /* the typographer's apostrophe */
    PIECE("\303\251"),
    PIECE("e\314\201"), /* e acute, composed and not */
    PIECE("\314\210"),
    PIECE("\314\201"), /* marks with nothing before */
    PIECE("Stra\303\237e"),
    PIECE("\304\260"),     /* sharp s, dotted capital I */
    PIECE("\357\254\203"), /* the ligature ffi */
    PIECE("\316\243\316\257\317\203\317\205\317\206\316\277\317\202"),
    PIECE("\320\274\320\270\321\200"),
    PIECE("\327\223\"\327\250"),
    PIECE("\327\223'"), /* Hebrew with quotes */
    PIECE("\330\263\331\204\330\247\331\205"),
    PIECE("\340\270\227\340\270\224\340\270\252\340\270\255\340\270\232"),
    PIECE("\344\270\255\346\226\207"),
    PIECE("\343\202\253\343\202\277\343\202\253\343\203\212"),
    PIECE("\343\201\262\343\202\211"),
    PIECE("\355\225\234\352\270\200"),
    PIECE("\360\237\207\251\360\237\207\252"), /* a flag */
    PIECE("\360\237\207\251"),                 /* half a flag */
    PIECE("\360\237\221\250\342\200\215\360\237\221\251\342\200\215\360\237\221\247"),
    PIECE("\360\240\200\213"),
    PIECE("\331\243\331\244"),
    PIECE("\302\262"),
    PIECE("\342\205\253"),
    PIECE("\357\273\277"), /* a byte order mark */
    /* What is not UTF-8: alone, cut short, overlong, a surrogate, past the end of Unicode. */
    PIECE("\200"),
    PIECE("\377"),
    PIECE("\303"),
    PIECE("\342\200"),
    PIECE("\360\237\221"),
    PIECE("\300\200"),
    PIECE("\340\200\257"),
    PIECE("\355\240\200"),
    PIECE("\364\220\200\200"),
    PIECE("\370\210\200\200\200"),
};

static void write_hard(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        /* Now and then a long run of one piece, across the borders of blocks and buffers. */
        const struct piece *piece = &pieces[random_below(sizeof pieces / sizeof *pieces)];
        uint64_t times = random_below(1000) == 0 ? random_below(300) : 1;
        for (uint64_t j = 0; j < times; j++)
            put_bytes(piece->bytes, piece->size);
    }
}

static void write_bytes(uint64_t count)
{
    for (; count > 0; count -= count < 8 ? count : 8) {
        uint64_t x = random64();
        unsigned char bytes[8];
        for (size_t i = 0; i < 8; i++)
            bytes[i] = (unsigned char)(x >> 8 * i);
        put_bytes(bytes, count < 8 ? count : 8);
    }
}

/* ---- A web server's log ---------------------------------------------------------------------- */

static void write_log(uint64_t count, uint64_t keys)
{
    static const char *const paths[] = {
        "/",
        "/index.html",
        "/style.css",
        "/news",
        "/favicon.ico",
        "/search?q=count",
        "/images/tree.png",
        "/about",
        "/feed.xml",
        "/login",
        "/download/notes.txt",
        "/contact",
    };
    struct zipf addresses = zipf_open(keys);
    struct zipf visits = zipf_open(sizeof paths / sizeof *paths);
    uint64_t time = 0;
    for (uint64_t i = 0; i < count; i++) {
        /* Addresses set aside for documentation (RFC 5737). */
        static const char *const networks[] = {"192.0.2", "198.51.100", "203.0.113"};
        uint64_t address = zipf_next(&addresses);
        uint64_t path = zipf_next(&visits);
        uint64_t luck = random_below(100);
        time = (time + random_below(240)) % 86400;
        bool login = path == 9;
        int status = luck < 82 ? 200 : luck < 90 ? 304 : luck < 98 ? 404 : 500;
        if (login && luck < 60)
            status = 403;
        printf("%s.%" PRIu64 " - - [04/Mar/2024:%02u:%02u:%02u +0000] ", networks[address % 3],
               1 + mix(address) % 250, (unsigned)(time / 3600), (unsigned)(time / 60 % 60),
               (unsigned)(time % 60));
        printf("\"%s %s HTTP/1.1\" %d %" PRIu64 "\n", login ? "POST" : "GET", paths[path], status,
               status == 304 ? 0 : 180 + mix(path) % 9000);
    }
    zipf_close(&addresses);
    zipf_close(&visits);
}

/* ---- Arguments ------------------------------------------------------------------------------- */

static uint64_t number(const char *text)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-') {
        fprintf(stderr, "generate: not a number: %s\n", text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fputs("usage: generate zipf|uniform|lines|hard|bytes|log|values|wide COUNT KEYS SEED\n",
              stderr);
        return 2;
    }
    const char *kind = argv[1];
    uint64_t count = number(argv[2]);
    uint64_t keys = number(argv[3]);
    random_state = number(argv[4]);
    bool with_keys = strcmp(kind, "hard") != 0 && strcmp(kind, "bytes") != 0;
    /* Weights times keys must stay below 2^64. */
    const bool even =
        strcmp(kind, "uniform") == 0 || strcmp(kind, "values") == 0 || strcmp(kind, "wide") == 0;
    uint64_t most = even ? SIX_LETTERS : UINT64_C(1) << 27;
    if (with_keys && (keys == 0 || keys > most)) {
        fprintf(stderr, "generate: KEYS of %s must be 1 to %" PRIu64 "\n", kind, most);
        return 2;
    }
    setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    if (strcmp(kind, "zipf") == 0)
        write_zipf(count, keys);
    else if (strcmp(kind, "uniform") == 0)
        write_uniform(count, keys);
    else if (strcmp(kind, "lines") == 0)
        write_lines(count, keys);
    else if (strcmp(kind, "hard") == 0)
        write_hard(count);
    else if (strcmp(kind, "bytes") == 0)
        write_bytes(count);
    else if (strcmp(kind, "log") == 0)
        write_log(count, keys);
    else if (strcmp(kind, "values") == 0)
        write_values(count, keys, 100000);
    else if (strcmp(kind, "wide") == 0)
        write_values(count, keys, 1000000);
    else {
        fprintf(stderr, "generate: unknown kind: %s\n", kind);
        return 2;
    }
    if (fflush(stdout) != 0) {
        perror("generate");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
