/* SPDX-License-Identifier: MIT
 *
 * letters - C++: how many different words of FILEs begin with each letter, whatever its case:
 * "LETTER\tN". No exception may leave a callback, so each catches its own.
 */
#include <cctype>
#include <cstdio>
#include <mapreduce.h>
#include <set>
#include <string>

static int map(void *, void *, const mr_split *split, mr_emitter *emitter, mr_error *error)
try {
    std::string word;
    for (std::size_t i = 0; i <= split->size; i++) {
        const int c = i < split->size ? split->data[i] : ' ';
        if (!std::isspace(c)) {
            word += static_cast<char>(std::tolower(c));
        } else if (!word.empty()) {
            if (mr_emit_bytes(emitter, word.data(), 1, word.data(), word.size()) != MR_OK)
                return -1;
            word.clear();
        }
    }
    return 0;
} catch (...) {
    return mr_fail(error, 0, "out of memory");
}

static int reduce(void *, void *, const void *key, std::size_t key_size, mr_values *values,
                  mr_results *results, mr_error *error)
try {
    std::set<std::string> words;
    std::size_t size;
    while (const void *value = mr_values_next(values, &size))
        words.emplace(static_cast<const char *>(value), size);
    return mr_put(results, key, key_size, words.size(), nullptr, 0);
} catch (...) {
    return mr_fail(error, 0, "out of memory");
}

int main(int argc, char **argv)
{
    mr_error error;
    mr_job_spec spec{};
    spec.struct_size = sizeof spec;
    spec.input = mr_input_files(argv + 1, static_cast<std::size_t>(argc - 1));
    spec.map = map;
    spec.values = MR_GROUP;
    spec.reduce = reduce;
    spec.order = MR_ORDER_KEY;
    if (mr_run(nullptr, &spec, nullptr, &error) == MR_OK)
        return 0;
    std::fprintf(stderr, "letters: %s\n", error.text);
    return 1;
}
